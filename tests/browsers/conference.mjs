// A conference is played from invitation to close: chair and a site in Chromium, the secretary in another window of it, a site in
// Firefox, sixty light participants.
//
//   node conference.mjs '{"origin", "chair", "secretary", "password", "one_time_code", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { join as joinBots } from './bots.mjs';
import { openChromium, openFirefox } from './browser.mjs';
import { DESK, judge, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const { pictures } = given;
mkdirSync(pictures, { recursive: true });
const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${step}`);

const chair = await openChromium(DESK);
const secretary = await chair.another();
const site = await chair.another();
const commune = await openFirefox(DESK);
let bots;
try {
  await story();
} catch (error) {
  for (const [name, browser] of Object.entries({ chair, secretary, site, commune }))
    await browser.picture(join(pictures, `failed-${name}.png`)).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  bots?.leave();
  await Promise.allSettled([chair.close(), commune.close()]);
}

async function story() {
  await logIn(chair, given.chair, given.one_time_code);
  await logIn(secretary, given.secretary, null);
  const called = await call();
  await prepared(called);
  await enter(chair, called.link_code);
  await enter(secretary, called.link_code);
  await enter(site, called.sites[0]);
  await enter(commune, called.sites[1]);
  bots = await joinBots(given.origin, called.id, called.link_code, 60);
  await until(chair, 'everyone in the room', () => /64/.test(document.querySelector('[aria-keyshortcuts=P]').textContent));
  done('chair, secretary, two sites and sixty more are in');

  await rollCall();
  await speeches();
  await lineLoss();
  await chat();
  await wall();
  await door(called);
  await over();
}

async function logIn(browser, user, code) {
  await browser.go(`${given.origin}/dang-nhap`);
  await browser.fill('input[autocomplete=username]', user);
  await browser.fill('input[type=password]', given.password);
  await browser.press('Enter');
  if (code) {
    await browser.wait('input[autocomplete=one-time-code]');
    await browser.fill('input[autocomplete=one-time-code]', code);
    await browser.press('Enter');
  }
  await browser.wait('.places');
}

/** Called as the page calls it, by the interface behind it: the form has its own test. */
async function call() {
  return chair.evaluate(async () => {
    const ask = async (path, body) => {
      const init = body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      return (await fetch(`/api/v1${path}`, init)).json();
    };
    const people = (await ask('/people?limit=200')).items;
    const secretary = people.find((one) => one.full_name === 'Phạm Quốc Anh').id;
    const meeting = await ask('/meetings', {
      title: 'Hội nghị trực tuyến cải cách hành chính quý IV',
      kind: 'conference',
      place: 'Hội trường UBND tỉnh',
      muted_above: 100,
      quorum: 'half',
      sites: [{ name: 'Hội trường UBND tỉnh', is_main: true }, { name: 'UBND xã An Phú' }],
      members: [{ person_id: secretary, role: 'secretary', site: 0 }],
      items: [
        { title: 'Báo cáo kết quả quý IV', presenter: 'Sở Nội vụ', minutes: 15 },
        { title: 'Thảo luận', presenter: '', minutes: 45 },
      ],
    });
    const plan = await ask(`/meetings/${meeting.id}/preparation`);
    return { id: meeting.id, link_code: meeting.link_code, sites: plan.sites.map((one) => one.link_code) };
  });
}

async function prepared({ id }) {
  await chair.go(`${given.origin}/hop/${id}/chuan-bi`);
  await until(chair, 'the agenda', () => /Báo cáo kết quả quý IV/.test(document.body.textContent));
  await show(chair, pictures, 'prepare');
  await secretary.go(`${given.origin}/hop/${id}/chuan-bi`);
  await secretary.wait('.answer');
  await secretary.click('Tôi sẽ dự');
  await until(secretary, 'the answer', () => /Sẽ dự/.test(document.querySelector('main').textContent));
  await secretary.go(`${given.origin}/lich-hop`);
  await until(secretary, 'the calendar', () => /Hội nghị trực tuyến/.test(document.body.textContent));
  await show(secretary, pictures, 'calendar');
  done('the meeting is prepared, answered, and in the calendar');
}

async function enter(browser, code) {
  await browser.go(`${given.origin}/hop/${code}`);
  await browser.wait('.checks');
  await browser.evaluate(() => {
    const name = document.querySelector('form .input');
    if (name && name.value === '') {
      name.value = 'Một người';
      name.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
  await browser.click('Vào phòng họp');
  await browser.wait('.controls');
}

async function rollCall() {
  await secretary.click('Thêm');
  await secretary.click('Điểm danh', 'dialog[open]');
  await secretary.wait('aside.panel select');
  await secretary.evaluate(() => {
    const select = document.querySelector('aside.panel select[aria-label*="Trần Văn Minh"]');
    select.value = 'in_person';
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await until(chair, 'all sites', () => /2\/2 điểm cầu có mặt/.test(document.querySelector('header').textContent));
  await until(secretary, 'a quorum', () => /Đủ số đại biểu/.test(document.querySelector('aside.panel').textContent));
  await show(secretary, pictures, 'roll');
  await secretary.click('Đóng điểm danh');
  done('the roll is called and there is a quorum');
}

async function speeches() {
  await commune.click('Giơ tay');
  await until(chair, 'the raised hand', () => /An Phú/.test(document.querySelector('.queue')?.textContent));
  await show(chair, pictures, 'queue');
  assert.equal(await commune.evaluate(() => pressed('M')), 'false', 'a site joins a conference with a closed microphone');
  await commune.press('m');
  assert.equal(await commune.evaluate(() => pressed('M')), 'false', 'and does not open it by itself');
  await until(commune, 'the refusal', () => /Chỉ người được mời/.test(document.body.textContent));
  await chair.click('Mời UBND xã An Phú');
  await commune.click('Nhận lời, mở micrô');
  await until(commune, 'the microphone is open', () => pressed('M') === 'true');
  await until(chair, 'the speaker', () => /Hạn mức 5 phút/.test(document.querySelector('.floor')?.textContent));
  await until(chair, 'the voice', () =>
    [...document.querySelectorAll('[data-participant]')].some((tile) => /An Phú.*micrô bật/s.test(tile.textContent)),
  );
  await show(chair, pictures, 'floor');
  await chair.click('Thu lời');
  await until(commune, 'the microphone is closed again', () => pressed('M') === 'false');
  done('a hand is raised, the floor given, taken by the site itself, heard, and ended');
}

/** A site drops: its place in the queue is kept and the chair is told in a quiet line. */
async function lineLoss() {
  const one = bots.all[7];
  one.step({ name: 'raise_hand' });
  await until(chair, 'its hand', () => /Xã Bản Mây 8/.test(document.querySelector('.queue')?.textContent));
  one.drop();
  await until(chair, 'its place is kept', () => /Mất kết nối, giữ chỗ/.test(document.querySelector('.queue')?.textContent));
  await until(chair, 'the line is announced', () =>
    [...document.querySelectorAll('[aria-live=polite]')].some((region) => /Xã Bản Mây 8 mất kết nối/.test(region.textContent)),
  );
  done('a lost line keeps its place and is told quietly');
}

async function chat() {
  await site.click('Trao đổi');
  await site.fill('#say', 'Hội trường đã sẵn sàng.');
  await site.press('Enter');
  await until(chair, 'the unread count', () => /lời chưa đọc/.test(document.querySelector('[aria-keyshortcuts=C]').textContent));
  await chair.click('Trao đổi');
  await until(chair, 'the words', () => /Hội trường đã sẵn sàng/.test(document.querySelector('.said')?.textContent));
  await show(chair, pictures, 'chat');
  await chair.click('Đóng trao đổi');
  done('what a site writes is read');
}

/** With the processor slowed down four times, a wall of all sites takes little of the main thread. */
async function wall() {
  await secretary.click('Thêm');
  await secretary.click('Tường điểm cầu', 'dialog[open]');
  await secretary.wait('.wall .tile');
  await show(secretary, pictures, 'wall');
  await secretary.throttle(4);
  const busy = await secretary.evaluate(async () => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({ type: 'longtask' });
    await new Promise((resolve) => setTimeout(resolve, 5000));
    return { count: tasks.length, total: tasks.reduce((sum, one) => sum + one.duration, 0) };
  });
  await secretary.throttle(1);
  console.log(`the wall of ${bots.all.length + 4}, slowed down 4 times: ${busy.count} long tasks, ${Math.round(busy.total)} ms of 5000`);
  await secretary.click('Đóng tường điểm cầu');
  done('the wall shows every site');
}

async function door({ link_code }) {
  await chair.click('Thêm');
  await judge(chair, 'more');
  await chair.evaluate(() => [...document.querySelectorAll('dialog[open] label')].find((one) => /Khách chờ/.test(one.textContent)).click());
  await chair.press('Escape');
  const guest = await chair.another();
  await guest.go(`${given.origin}/hop/${link_code}`);
  await guest.wait('.checks');
  await guest.fill('form .input', 'Báo Lam Giang');
  await guest.click('Vào phòng họp');
  await until(guest, 'the door', () => /Đang chờ được cho vào/.test(document.querySelector('h1')?.textContent));
  await show(guest, pictures, 'waiting');
  await until(chair, 'the knock', () => /Báo Lam Giang/.test(document.querySelector('.side').textContent));
  await show(chair, pictures, 'knock');
  await chair.click('Cho vào Báo Lam Giang');
  await guest.wait('.controls');
  await show(guest, pictures, 'guest');
  done('a guest waits at the door and is let in');
}

async function over() {
  await chair.click('Rời họp');
  await chair.click('Kết thúc cho mọi người', 'dialog[open]');
  for (const browser of [chair, secretary, site, commune])
    await until(browser, 'the end', () => /đã kết thúc/.test(document.querySelector('h1').textContent));
  done('the chair ends it for everyone');
}
