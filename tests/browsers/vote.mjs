// A question is put to the vote and answered in real pages: the chair's panel, a site's three buttons and its keys, a lost line, a
// raised hand, the result for all; then the same in secret, and a site finds its own ballot in the list.
//
//   node vote.mjs '{"origin", "chair", "password", "code", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { join as joinBots } from './bots.mjs';
import { openChromium } from './browser.mjs';
import { DESK, logIn, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const { pictures } = given;
mkdirSync(pictures, { recursive: true });
const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${step}`);

/** Beside the main site and the one with a page. */
const OTHERS = 5;
const chair = await openChromium(DESK);
const site = await chair.another();
const bots = [];
try {
  await story();
} catch (error) {
  for (const [name, browser] of Object.entries({ chair, site }))
    await browser.picture(join(pictures, `failed-${name}.png`)).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const bot of bots) bot.leave();
  await chair.close();
}

async function story() {
  await logIn(chair, given, given.chair, given.code);
  const { id, link_code, sites } = await call();
  await enter(chair, link_code);
  await enter(site, sites[1]);
  for (const code of sites.slice(2)) bots.push((await joinBots(given.origin, id, code, 1)).all[0]);
  done('chair, a site with a page and five more are in');
  await put('Thông qua dự thảo Kế hoạch cải cách hành chính năm 2027?', false);
  await answered();
  await closed();
  await put('Giới thiệu đồng chí Nguyễn Thị Minh Hà vào Tổ công tác chuyển đổi số?', true);
  await answeredInSecret();
}

async function call() {
  return chair.evaluate(async (others) => {
    const ask = async (path, body) => {
      const init = body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const answer = await fetch(`/api/v1${path}`, init);
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return answer.json();
    };
    const names = ['Hội trường UBND tỉnh', 'UBND xã An Phú', ...Array.from({ length: others }, (_, at) => `UBND xã Bản Mây ${at + 1}`)];
    const meeting = await ask('/meetings', {
      title: 'Hội nghị trực tuyến cải cách hành chính quý IV',
      kind: 'conference',
      quorum: 'none',
      muted_above: 100,
      sites: names.map((name, at) => ({ name, is_main: at === 0 })),
      items: [{ title: 'Báo cáo kết quả quý IV', minutes: 15 }, { title: 'Kế hoạch năm 2027', minutes: 45 }],
    });
    const plan = await ask(`/meetings/${meeting.id}/preparation`);
    return { id: meeting.id, link_code: meeting.link_code, sites: plan.sites.map((one) => one.link_code) };
  }, OTHERS);
}

async function enter(browser, code) {
  await browser.go(`${given.origin}/hop/${code}`);
  await browser.wait('.checks');
  await browser.click('Vào phòng họp');
  await browser.wait('.controls');
}

/** The chair writes a question and opens the vote; the stage of all shows it. */
async function put(question, isSecret) {
  await chair.click('Thêm');
  await chair.click('Biểu quyết', 'dialog[open]');
  await chair.wait('aside.panel form');
  await chair.fill('aside.panel textarea', question);
  await chair.evaluate((isSecret) => {
    const [electorate] = [...document.querySelectorAll('aside.panel select')].filter((one) => [...one.options].some((option) => /điểm cầu/.test(option.text)));
    electorate.value = 'sites';
    electorate.dispatchEvent(new Event('change', { bubbles: true }));
    const manner = [...document.querySelectorAll('aside.panel select')].find((one) => [...one.options].some((option) => option.value === 'secret'));
    manner.value = isSecret ? 'secret' : 'open';
    manner.dispatchEvent(new Event('change', { bubbles: true }));
  }, isSecret);
  await show(chair, pictures, isSecret ? 'new-secret' : 'new');
  await chair.click('Mở biểu quyết');
  for (const browser of [chair, site])
    await until(browser, 'the question', (question) => document.querySelector('.stage h2')?.textContent === question, question);
  await until(site, 'its ballot', () => document.querySelectorAll('.stage .choices button:enabled').length === 3);
  done(isSecret ? 'a question is put to a secret vote' : 'a question is put to the vote');
}

async function answered() {
  await show(site, pictures, 'open-site');
  await site.press('2');
  await until(site, 'what is recorded', () => /Đã ghi nhận: Không tán thành/.test(document.querySelector('.ballot')?.textContent));
  assert.equal(await site.evaluate(() => document.activeElement.textContent.trim()), 'Không tán thành', 'the key shows where it is');
  await site.press('1');
  await until(site, 'the change', () => /Đã ghi nhận: Tán thành/.test(document.querySelector('.ballot')?.textContent));
  await show(site, pictures, 'recorded');
  const [dropped, against, ...rest] = bots;
  const cast = (bot, choice) => bot.step({ name: 'cast_ballot', vote: 1, voter: bot.seat, choice });
  for (const bot of rest) cast(bot, 'in_favour');
  cast(against, 'against');
  dropped.drop();
  await until(chair, 'the quiet line', () => /UBND xã Bản Mây 1 mất kết nối; phiếu vẫn được giữ/.test(document.querySelector('.card')?.textContent));
  await until(chair, 'the count', () => /Đã biểu quyết 5\/7/.test(document.querySelector('.card')?.textContent));
  await chair.click('Xem chi tiết');
  await show(chair, pictures, 'open-chair');
  await chair.evaluate(() => {
    const hand = document.querySelector('aside.panel select[aria-label*="Hội trường"]');
    hand.value = 'abstaining';
    hand.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await until(chair, 'the raised hand', () => /Đã biểu quyết 6\/7/.test(document.querySelector('.card')?.textContent));
  done('it is answered by keys, from other sites and by a raised hand; a lost line keeps its ballot');
}

async function closed() {
  await chair.click('Kết thúc, lấy kết quả');
  for (const browser of [chair, site])
    await until(browser, 'the result', () => document.querySelector('.outcome')?.textContent.trim() === 'Được thông qua');
  assert.match(await site.evaluate(() => document.querySelector('[aria-live=polite]').textContent), /Kết quả biểu quyết: Được thông qua\. Tán thành 4/);
  await show(site, pictures, 'result-site');
  await show(chair, pictures, 'result-chair');
  await chair.click('Thôi trình chiếu');
  await until(site, 'the pictures again', () => document.querySelector('.stage') === null);
  await chair.click('Đóng biểu quyết');
  done('it is closed, and everybody sees the result');
}

/** A reload in between loses no token. */
async function answeredInSecret() {
  await site.reload();
  await site.wait('.stage .choices button:enabled');
  await site.click('Không tán thành');
  await until(site, 'what is cast', () => /Đã bỏ phiếu: Không tán thành/.test(document.querySelector('.ballot')?.textContent));
  await until(chair, 'how many', () => /Đã có 1\/5 phiếu/.test(document.querySelector('.card')?.textContent));
  await show(site, pictures, 'secret-site');
  await show(chair, pictures, 'secret-chair');
  await chair.click('Kết thúc, lấy kết quả');
  await until(site, 'the result', () => document.querySelector('.outcome')?.textContent.trim() === 'Không được thông qua');
  await site.evaluate(() => document.querySelector('.stage summary').click());
  await until(site, 'its own ballot', () => /Không tán thành\s*Phiếu của đồng chí/.test(document.querySelector('.stage li.own')?.textContent));
  await show(site, pictures, 'secret-list');
  done('in secret nobody sees more than how many, and a site finds its own ballot');
}
