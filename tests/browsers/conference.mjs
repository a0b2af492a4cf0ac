// A conference is played from its invitation to the papers that come of it: chair, secretary and a site in Chromium, a delegate in it
// with the page of a phone, a site in Firefox, sixty light participants of whom four are sites; a clerk of each agency beside them.
//
//   node conference.mjs '{"origin", "people", "codes", "password", "pin", "document", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { join as joinBots } from './bots.mjs';
import { openChromium, openFirefox } from './browser.mjs';
import * as decisions from './decisions.mjs';
import { ask, DESK, judge, logIn, PHONE, show, until } from './look.mjs';
import * as outcomes from './outcomes.mjs';

const given = JSON.parse(process.argv[2]);
const { pictures } = given;
mkdirSync(pictures, { recursive: true });
const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${step}`);

const chair = await openChromium(DESK);
const secretary = await chair.another();
const site = await chair.another();
const host = await chair.another();
const receiver = await chair.another();
const delegate = await chair.another(PHONE);
const commune = await openFirefox(DESK);
const hall = { given, pictures, done, chair, secretary, site, host, receiver, delegate, commune, bots: { all: [], sites: [], leave: () => undefined } };
try {
  await story();
} catch (error) {
  for (const [name, browser] of Object.entries({ chair, secretary, site, host, receiver, delegate, commune }))
    await browser.picture(join(pictures, `failed-${name}.png`)).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  hall.bots.leave();
  await Promise.allSettled([chair.close(), commune.close()]);
}

async function story() {
  for (const [who, browser] of Object.entries({ chair, secretary, host, receiver, delegate }))
    await logIn(browser, given, given.people[who], given.codes[who]);
  await mailAddress();
  const called = await call();
  await prepared(called);
  const invitation = await invited(called);
  await answered(called);
  await tried(called);
  await enter(chair, called.link_code);
  await enter(secretary, called.link_code);
  await enter(site, called.sites[0]);
  await enter(commune, called.sites[1]);
  await enter(delegate, called.link_code);
  hall.bots = await joined(called);
  await until(chair, 'everyone in the room', () => /65/.test(document.querySelector('[aria-keyshortcuts=P]').textContent));
  done('chair, secretary, a delegate, two sites with pages and sixty more are in');

  await rollCall();
  await agenda();
  await paper(called, invitation);
  await speeches();
  await lineLoss();
  await chat();
  await wall();
  await decisions.openly(hall);
  await decisions.inSecret(hall);
  await decisions.signed(hall);
  await door(called);
  await outcomes.concluded(hall);
  await over();
  await outcomes.issued(hall, called);
}

async function mailAddress() {
  await secretary.go(`${given.origin}/cai-dat`);
  await secretary.fill('input[type=email]', 'anh@ubnd.test');
  await secretary.click('Lưu địa chỉ');
  await until(secretary, 'the address is kept', () => /Đã lưu/.test(document.querySelector('form [role=status]')?.textContent));
  await show(secretary, pictures, 'settings');
  done('a mail address is kept');
}

/** Called as the page calls it, by the interface behind it: the form has its own test. */
async function call() {
  const people = (await ask(chair, '/people?limit=200')).items;
  const person = (name) => people.find((one) => one.full_name === name).id;
  const speaker = person('Hoàng Văn Nam');
  const site = (name, more = {}) => ({ name, ...more });
  const meeting = await ask(chair, '/meetings', {
    title: 'Hội nghị trực tuyến cải cách hành chính quý IV',
    kind: 'conference',
    place: 'Hội trường UBND tỉnh',
    muted_above: 100,
    quorum: 'half',
    sites: [
      site('Hội trường UBND tỉnh', { is_main: true }),
      site('UBND xã An Phú', { agency_id: 'agency-anphu' }),
      ...['UBND xã Tân Thủy', 'UBND xã Mường Lèn', 'UBND xã Thác Bạc', 'UBND phường Bến Ngự'].map((name) => site(name)),
    ],
    agencies: [{ agency_id: 'agency-anphu', site: 1 }, { agency_id: 'agency-snv' }],
    members: [
      { person_id: person('Phạm Quốc Anh'), role: 'secretary', site: 0 },
      { person_id: person('Lê Thị Hoa'), role: 'technical_host', site: 0 },
      { person_id: speaker, role: 'delegate', site: 1 },
      { person_id: person('Nguyễn Thị Lan'), role: 'delegate' },
    ],
    items: [
      { title: 'Báo cáo kết quả quý IV', presenter: 'Hoàng Văn Nam', presenter_id: speaker, minutes: 15 },
      { title: 'Kế hoạch năm 2027', presenter: '', minutes: 45 },
    ],
  });
  const plan = await ask(chair, `/meetings/${meeting.id}/preparation`);
  return { id: meeting.id, link_code: meeting.link_code, sites: plan.sites.map((one) => one.link_code) };
}

/** The chair prepares a question with the agenda and puts a draft on the table; the secretary answers and finds it in the calendar. */
async function prepared({ id }) {
  await ask(secretary, `/documents/${given.document}/submission`, {});
  await chair.go(`${given.origin}/hop/${id}/chuan-bi`);
  await until(chair, 'the agenda', () => /Báo cáo kết quả quý IV/.test(document.body.textContent));
  await chair.click('Chuẩn bị');
  await until(chair, 'both items', () => document.querySelectorAll('dialog[open] input[aria-label="Nội dung"]').length === 2);
  await chair.click('Chuẩn bị câu hỏi biểu quyết', 'dialog[open]');
  await chair.fill('dialog[open] input.question', 'Thông qua Kế hoạch cải cách hành chính năm 2027?');
  await show(chair, pictures, 'plan');
  await chair.click('Lưu', 'dialog[open]');
  await until(chair, 'the plan is kept', () => document.querySelector('dialog[open]') === null);
  await chair.click('Thêm tài liệu');
  await until(chair, 'the draft to choose', () => /Kế hoạch cải cách/.test(document.querySelector('dialog[open] select')?.textContent));
  await chair.evaluate((id) => {
    const [which, item] = document.querySelectorAll('dialog[open] select');
    for (const [select, value] of [[which, id], [item, '2']]) {
      select.value = value;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    }
    const audience = [...document.querySelectorAll('dialog[open] select')].find((one) => [...one.options].some((option) => option.value === 'everyone'));
    audience.value = 'everyone';
    audience.dispatchEvent(new Event('change', { bubbles: true }));
  }, given.document);
  await show(chair, pictures, 'add-paper');
  await chair.evaluate(() => [...document.querySelectorAll('dialog[open] button')].at(-1).click());
  await until(chair, 'the paper on the table', () => [...document.querySelectorAll('main .rows a')].some((one) => /Kế hoạch cải cách/.test(one.textContent)));
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

/** The invitation is drafted by one click, goes the way of every document, and its letters follow. */
async function invited({ id }) {
  await secretary.go(`${given.origin}/hop/${id}/chuan-bi`);
  await secretary.click('Soạn giấy mời');
  await until(secretary, 'the draft', () => /\/van-ban\/[^/]+$/.test(location.pathname) && /Dự Hội nghị/.test(document.body.textContent));
  await show(secretary, pictures, 'invitation');
  const document = await secretary.evaluate(() => location.pathname.split('/').pop());
  await outcomes.submits(hall);
  await outcomes.signs(hall, document);
  await outcomes.issues(hall, document, '01/GM-UBND', 'issue');
  for (let sent = 0; sent === 0; ) sent = (await ask(secretary, `/meetings/${id}/preparation`)).invitation.letters.sent;
  await secretary.go(`${given.origin}/hop/${id}/chuan-bi`);
  await until(secretary, 'the state of the invitation', () =>
    /Đã phát hành.*01\/GM-UBND.*Đã gửi thư kèm lịch họp cho 1 người/s.test(globalThis.document.body.textContent),
  );
  await show(secretary, pictures, 'invited');
  done('the invitation is drafted, signed, numbered, sealed, issued, and its letters are sent');
  return document;
}

/** The commune's clerk takes the invitation in, and says who comes. */
async function answered({ id }) {
  await outcomes.accepts(hall, '01');
  await receiver.go(`${given.origin}/hop/${id}/chuan-bi`);
  await receiver.click('Cơ quan sẽ dự');
  await receiver.wait('.answer ~ fieldset input');
  await receiver.evaluate(() => [...document.querySelectorAll('fieldset label')].find((one) => /Bùi Thị Thu/.test(one.textContent)).querySelector('input').click());
  await show(receiver, pictures, 'agency-answers');
  await receiver.click('Lưu');
  await until(receiver, 'the answer', () => /Ủy ban nhân dân xã An Phú: Sẽ dự/.test(document.querySelector('main').textContent));
  await delegate.go(`${given.origin}/hop/${id}/chuan-bi`);
  await delegate.wait('.answer');
  await delegate.click('Tôi sẽ dự');
  await until(delegate, 'the answer', () => document.querySelector('.answer [aria-pressed=true]') !== null);
  done('the commune takes the invitation in and names who comes');
}

/** The site tries itself out; the technical host sees it on the board, and both see each other in a test call. */
async function tried({ id, link_code, sites }) {
  await host.go(`${given.origin}/hop/${id}/bang-thu`);
  await until(host, 'the sites', () => /UBND xã An Phú/.test(document.querySelector('.cards')?.textContent));
  await site.go(`${given.origin}/hop/${sites[1]}/thu`);
  await site.wait('.checks');
  await site.click('Thử');
  await until(host, 'what it tried out', () =>
    [...document.querySelectorAll('.cards li')].some((card) => /An Phú.*đang mở trang thử máy.*Camera\s*chạy tốt/s.test(card.textContent)),
  );
  await show(host, pictures, 'board');
  const called = await host.evaluate(() => [...document.querySelectorAll('a')].find((link) => /Gọi thử.*An Phú/.test(link.textContent)).pathname);
  assert.ok(called.startsWith(`/hop/${link_code}/goi-thu/`), called);
  await host.go(`${given.origin}${called}`);
  for (const [browser, name] of [
    [host, /An Phú/],
    [site, /Lê Thị Hoa/],
  ])
    await until(
      browser,
      'the other',
      (name) => [...document.querySelectorAll('[data-participant]')].some((tile) => new RegExp(name).test(tile.textContent) && tile.querySelector('video')?.videoWidth > 0),
      name.source,
    );
  await show(site, pictures, 'trial');
  await show(host, pictures, 'test-call');
  await host.click('Gọi thử xong');
  await until(host, 'the end of the call', () => /đã xong/.test(document.querySelector('h1').textContent));
  done('a site tries itself out, the board tells it, and the host calls it');
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

/** Fifty-six come by the link of the meeting, four are the rooms of other sites. */
async function joined({ id, link_code, sites }) {
  const guests = await joinBots(given.origin, id, link_code, 56);
  const rooms = [];
  for (const code of sites.slice(2)) rooms.push((await joinBots(given.origin, id, code, 1)).all[0]);
  const all = [...guests.all, ...rooms];
  return { all, sites: rooms, leave: () => all.forEach((one) => one.leave()) };
}

async function rollCall() {
  await secretary.click('Thêm');
  await secretary.click('Điểm danh', 'dialog[open]');
  await secretary.wait('aside.panel select');
  await secretary.evaluate(() => {
    for (const name of ['Trần Văn Minh', 'Hoàng Văn Nam', 'Bùi Thị Thu']) {
      const select = document.querySelector(`aside.panel select[aria-label*="${name}"]`);
      select.value = 'in_person';
      select.dispatchEvent(new Event('change', { bubbles: true }));
    }
  });
  await until(chair, 'all sites', () => /6\/6 điểm cầu có mặt/.test(document.querySelector('header').textContent));
  await until(secretary, 'a quorum', () => /Đủ số đại biểu/.test(document.querySelector('aside.panel').textContent));
  await show(secretary, pictures, 'roll');
  await secretary.click('Đóng điểm danh');
  done('the roll is called and there is a quorum');
}

/** Calling an item offers the floor to whoever presents it: the room where they sit, which takes it itself. */
async function agenda() {
  await until(chair, 'the agenda', () => /Chương trình có 2 mục/.test(document.querySelector('.item')?.textContent));
  await chair.click('Sang mục 1');
  await until(secretary, 'the item', () => /Mục 1\/2: Báo cáo kết quả quý IV/.test(document.querySelector('.item')?.textContent));
  await commune.click('Nhận lời, mở micrô');
  await until(commune, 'the microphone is open', () => pressed('M') === 'true');
  await show(chair, pictures, 'item');
  await chair.evaluate(() => document.querySelector('.item button').click());
  await until(chair, 'the whole agenda', () => /Đang bàn/.test(document.querySelector('aside.panel')?.textContent));
  await show(chair, pictures, 'agenda');
  await chair.click('Đóng chương trình');
  done('an item is called and its presenter has the floor');
}

/** Who has the floor turns the page, who leads points; everyone else sees both. */
async function paper({ id }, document_id) {
  await ask(secretary, `/meetings/${id}/papers`, { document_id, item: 1, title: 'Giấy mời', audience: 'everyone' });
  await chair.click('Tài liệu');
  await until(chair, 'the paper', () => {
    const papers = document.querySelector('aside.panel ul');
    return /Giấy mời/.test(papers?.textContent ?? '');
  });
  await chair.evaluate(() => {
    const paper = [...document.querySelectorAll('aside.panel li')].find((one) => /Giấy mời/.test(one.textContent));
    [...paper.querySelectorAll('button')].find((one) => /Trình chiếu/.test(one.textContent)).click();
  });
  for (const browser of [chair, commune]) await browser.wait('.stage .sheet canvas');
  await chair.hover('.stage .leaf', { x: 200, y: 160 });
  await chair.hover('.stage .leaf', { x: 240, y: 200 });
  await until(commune, 'the pointer', () => document.querySelector('.stage .pointer') !== null);
  const fits = () => {
    const [sheet, desk] = ['.sheet', '.desk'].map((part) => document.querySelector(`.stage ${part}`).getBoundingClientRect());
    return sheet.left >= desk.left && sheet.right <= desk.right;
  };
  for (const browser of [chair, commune]) await until(browser, 'the whole width of the sheet', fits);
  await show(chair, pictures, 'paper');
  await chair.click('Thôi trình chiếu');
  await until(commune, 'the pictures again', () => document.querySelector('.stage') === null);
  await chair.click('Đóng tài liệu');
  await commune.click('Nói xong');
  await until(commune, 'the microphone is closed again', () => pressed('M') === 'false');
  done('a paper is presented and pointed at');
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
  const one = hall.bots.all[7];
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
  for (const browser of [chair, site]) await browser.click('Đóng trao đổi');
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
  console.log(`the wall of ${hall.bots.all.length + 5}, slowed down 4 times: ${busy.count} long tasks, ${Math.round(busy.total)} ms of 5000`);
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
