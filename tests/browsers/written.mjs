// A ballot is signed by its voter in a meeting; then a question is put in writing, answered openly and in secret, its result is seen
// and becomes a paper.
//
//   node written.mjs '{"origin", "chair", "secretary", "password", "pin", "code", "document", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openChromium } from './browser.mjs';
import { ask, DESK, logIn, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const { pictures } = given;
mkdirSync(pictures, { recursive: true });
const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${step}`);

const chair = await openChromium(DESK);
const secretary = await chair.another();
try {
  await logIn(chair, given, given.chair, given.code);
  await logIn(secretary, given, given.secretary);
  const meeting = await call();
  for (const browser of [chair, secretary]) await enter(browser, meeting.link_code);
  await ballot();
  await written();
  await inSecret();
} catch (error) {
  for (const [name, browser] of Object.entries({ chair, secretary }))
    await browser.picture(join(pictures, `failed-${name}.png`)).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  await chair.close();
}

async function person(name) {
  const people = await ask(chair, '/people');
  return people.items.find((one) => one.full_name === name).id;
}

async function call() {
  const meeting = await ask(chair, '/meetings', {
    title: 'Họp thông qua Kế hoạch cải cách hành chính',
    quorum: 'none',
    members: [{ person_id: await person('Phạm Quốc Anh'), role: 'delegate' }],
    items: [{ title: 'Kế hoạch năm 2027', minutes: 30 }],
  });
  await chair.go(`${given.origin}/hop/${meeting.id}/chuan-bi`);
  await chair.click('Chuẩn bị');
  await chair.click('Chuẩn bị câu hỏi biểu quyết', 'dialog[open]');
  await chair.fill('dialog[open] input.question', 'Thông qua Kế hoạch cải cách hành chính năm 2027?');
  await chair.evaluate(() => {
    const manner = [...document.querySelectorAll('dialog[open] select')].find((one) => [...one.options].some((option) => option.value === 'signed'));
    manner.value = 'signed';
    manner.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await show(chair, pictures, 'plan-signed');
  await chair.click('Lưu', 'dialog[open]');
  await until(chair, 'the plan is kept', () => document.querySelector('dialog[open]') === null);
  return meeting;
}

async function enter(browser, code) {
  await browser.go(`${given.origin}/hop/${code}`);
  await browser.wait('.checks');
  await browser.click('Vào phòng họp');
  await browser.wait('.controls');
}

/** How its ballots are cast was settled with the agenda; in the room it is only put. */
async function ballot() {
  await chair.evaluate(() => document.querySelector('.item button').click());
  await chair.click('Bàn mục này');
  await chair.click('Mở biểu quyết');
  await until(secretary, 'its ballot', () => document.querySelectorAll('.stage .choices button:enabled').length === 3);
  await secretary.press('1');
  await secretary.wait('dialog[open] input.pin');
  await secretary.fill('dialog[open] input.pin', given.pin);
  await show(secretary, pictures, 'ballot-pin');
  await secretary.press('Enter');
  await until(secretary, 'what is recorded', () => /Đã ghi nhận: Tán thành/.test(document.querySelector('.ballot')?.textContent));
  done('a ballot is signed by its voter');
}

async function written() {
  await chair.go(`${given.origin}/lay-y-kien`);
  await until(chair, 'the empty list', () => /Chưa có phiếu/.test(document.querySelector('main')?.textContent));
  await show(chair, pictures, 'opinions-empty');
  await chair.click('Gửi phiếu lấy ý kiến');
  await chair.wait('dialog[open] .people label');
  await chair.fill('dialog[open] textarea', 'Đồng ý ban hành Quy chế làm việc của Ủy ban nhân dân tỉnh?');
  await chair.evaluate((document_id) => {
    const papers = [...document.querySelectorAll('dialog[open] select')].find((one) => [...one.options].some((option) => option.value === document_id));
    papers.value = document_id;
    papers.dispatchEvent(new Event('change', { bubbles: true }));
  }, given.document);
  await chair.evaluate(() => {
    for (const label of document.querySelectorAll('dialog[open] .people label'))
      if (/Phạm Quốc Anh|Lê Thị Hoa/.test(label.textContent)) label.querySelector('input').click();
  });
  await show(chair, pictures, 'opinion-new');
  await chair.click('Gửi tới 2 đồng chí', 'dialog[open]');
  await until(chair, 'the question', () => /Quy chế làm việc/.test(document.querySelector('main h2')?.textContent));
  await secretary.go(`${given.origin}/thong-bao`);
  await until(secretary, 'the notice', () => /Phiếu lấy ý kiến chờ đồng chí trả lời.*Quy chế làm việc/s.test(document.querySelector('main')?.textContent));
  await show(secretary, pictures, 'notices');
  await secretary.go(`${given.origin}/lay-y-kien`);
  await until(secretary, 'what waits', () => /đang chờ đồng chí/.test(document.querySelector('h1')?.textContent));
  await show(secretary, pictures, 'opinions');
  await secretary.evaluate(() => document.querySelector('main .rows a').click());
  await secretary.wait('.choices button');
  const locked = await secretary.evaluate(async () => {
    const link = document.querySelector('.paper a');
    const bytes = await (await fetch(link.href)).arrayBuffer();
    const digest = [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return document.querySelector('.paper code').textContent === digest;
  });
  assert.ok(locked, 'what is read is what was locked');
  await show(secretary, pictures, 'opinion');
  await secretary.evaluate(() => document.querySelector('.choices button').click());
  await until(secretary, 'what is recorded', () => /Đồng chí đã trả lời/.test(document.querySelector('h1')?.textContent));
  assert.equal(await secretary.evaluate(() => document.querySelector('.choices [aria-pressed=true]').textContent.trim()), 'Tán thành');
  await show(secretary, pictures, 'opinion-answered');
  await chair.reload();
  await until(chair, 'the count', () => /1\/2 đồng chí đã trả lời/.test(document.querySelector('h1')?.textContent));
  await show(chair, pictures, 'opinion-leads');
  await chair.click('Kết thúc lấy ý kiến');
  await chair.click('Kết thúc lấy ý kiến', 'dialog[open]');
  await until(chair, 'the result', () => /không được thông qua/.test(document.querySelector('h1')?.textContent));
  await show(chair, pictures, 'opinion-over');
  done('a question is answered in writing, and closed');
  await result();
}

/** The result becomes a paper: the secretary who is named signs it at their desk, the chair on the page of the question. */
async function result() {
  const title = 'Biên bản kết quả lấy ý kiến';
  await chair.wait('article');
  await show(chair, pictures, 'result-draft');
  await chair.click(`Lập dự thảo ${title}`);
  await until(chair, 'the draft', () => /Dự thảo/.test(document.querySelector('article')?.textContent));
  const id = await chair.evaluate(() => document.querySelector('article a[href^="/van-ban/"]').pathname.split('/').pop());
  await secretary.go(`${given.origin}/thong-bao`);
  await until(secretary, 'the notice', () => /Phiếu lấy ý kiến đã có kết quả/.test(document.querySelector('main')?.textContent));
  await secretary.go(`${given.origin}/van-ban/${id}`);
  await secretary.click('Trình ký');
  await until(secretary, 'it is submitted', () => ![...document.querySelectorAll('main button')].some((one) => /Trình ký/.test(one.textContent)));
  await secretary.go(`${given.origin}/van-ban/${id}/ky`);
  await secretary.wait('input.pin');
  await secretary.fill('input.pin', given.pin);
  await secretary.click('Ký văn bản');
  await until(secretary, 'its signature', () => document.querySelector('input.pin') === null);
  await chair.click(`Xem và ký ${title}`);
  await chair.wait('dialog[open] canvas');
  await chair.fill('dialog[open] input.pin', given.pin);
  await show(chair, pictures, 'result-sign');
  await chair.evaluate(() => document.querySelector('dialog[open] button[type=submit]').click());
  await until(chair, 'both signatures', () => !document.querySelector('dialog[open]') && /Đã ký/.test(document.querySelector('article')?.textContent));
  await show(chair, pictures, 'result-signed');
  done('the result becomes a paper that secretary and chair sign');
}

async function inSecret() {
  const people = await ask(chair, '/people');
  const named = people.items.filter((one) => one.full_name !== 'Trần Văn Minh').slice(0, 6).map((one) => one.id);
  const asked = await ask(chair, '/opinions', {
    question: 'Giới thiệu đồng chí Nguyễn Thị Lan vào Tổ công tác?',
    people: [...new Set([await person('Phạm Quốc Anh'), ...named])],
    closes_at: new Date(Date.now() + 86_400_000).toISOString(),
    is_secret: true,
    majority: 'half_of_called',
  });
  await secretary.go(`${given.origin}/lay-y-kien/${asked.id}`);
  await secretary.wait('.choices button');
  await secretary.click('Không tán thành', '.choices');
  await until(secretary, 'the ballot', () => document.querySelector('.choices [aria-pressed=true]')?.textContent.trim() === 'Không tán thành');
  await secretary.reload();
  await until(secretary, 'the ballot after a reload', () => document.querySelector('.choices [aria-pressed=true]')?.textContent.trim() === 'Không tán thành');
  await secretary.evaluate(() => document.querySelector('.choices button').click());
  await until(secretary, 'the change', () => document.querySelector('.choices [aria-pressed=true]')?.textContent.trim() === 'Tán thành');
  await show(secretary, pictures, 'opinion-secret');
  const seen = await ask(chair, `/opinions/${asked.id}`);
  assert.deepEqual([seen.voted, seen.tally], [1, { in_favour: 0, against: 0, abstaining: 0 }]);
  done('a question is answered in secret');
}
