// A paper is opened for signing on the stage of a meeting and signed by two with their own keys, one of them signs a ballot; then a
// question is put in writing, answered openly and in secret, and its result is seen.
//
//   node record.mjs '{"origin", "chair", "secretary", "password", "pin", "code", "document", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openChromium } from './browser.mjs';
import { DESK, logIn, show, until } from './look.mjs';

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
  await signed();
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

function ask(browser, path, body) {
  return browser.evaluate(
    async ([path, body]) => {
      const init = body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const answer = await fetch(`/api/v1${path}`, init);
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return answer.status === 204 ? null : answer.json();
    },
    [path, body],
  );
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
  // Whoever drafted it may see it; as a delegate they put nothing on the table, so the chair does once it is theirs to sign.
  await ask(secretary, `/documents/${given.document}/submission`, {});
  await ask(chair, `/meetings/${meeting.id}/papers`, { document_id: given.document, title: 'Dự thảo Kế hoạch năm 2027' });
  return meeting;
}

async function enter(browser, code) {
  await browser.go(`${given.origin}/hop/${code}`);
  await browser.wait('.checks');
  await browser.click('Vào phòng họp');
  await browser.wait('.controls');
}

async function signed() {
  await chair.click('Thêm');
  await chair.click('Tài liệu', 'dialog[open]');
  await chair.click('Trình chiếu', 'aside.panel');
  for (const browser of [chair, secretary]) await browser.wait('.leaf canvas');
  await chair.click('Mở để ký số');
  await until(chair, 'who signs', () => document.querySelectorAll('dialog[open] input:checked').length === 2);
  await show(chair, pictures, 'signing-open');
  await chair.click('Mở để 2 đồng chí ký', 'dialog[open]');
  for (const browser of [chair, secretary])
    await until(browser, 'the locked paper', () => /0\/2 đồng chí đã ký/.test(document.querySelector('.signing')?.textContent));
  await show(secretary, pictures, 'signing-asked');
  for (const [browser, count] of [[secretary, 1], [chair, 2]]) {
    await browser.click('Ký số tài liệu', '.signing');
    await browser.fill('dialog[open] input.pin', given.pin);
    if (count === 1) await show(browser, pictures, 'signing-pin');
    await browser.press('Enter');
    for (const other of [chair, secretary])
      await until(other, `${count} signatures`, (count) => document.querySelector('.signing')?.textContent.includes(`${count}/2 đồng chí đã ký`), count);
  }
  await chair.click('Xem ai đã ký');
  await show(chair, pictures, 'signing-done');
  await chair.press('Escape');
  done('a paper is signed by two on the stage');
}

async function ballot() {
  await chair.click('Thêm');
  await chair.click('Biểu quyết', 'dialog[open]');
  await chair.wait('aside.panel form');
  await chair.fill('aside.panel textarea', 'Thông qua Kế hoạch cải cách hành chính năm 2027?');
  await chair.evaluate(() => {
    const manner = [...document.querySelectorAll('aside.panel select')].find((one) => [...one.options].some((option) => option.value === 'signed'));
    manner.value = 'signed';
    manner.dispatchEvent(new Event('change', { bubbles: true }));
  });
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
  await chair.evaluate(() => {
    for (const label of document.querySelectorAll('dialog[open] .people label'))
      if (/Phạm Quốc Anh|Lê Thị Hoa/.test(label.textContent)) label.querySelector('input').click();
  });
  await show(chair, pictures, 'opinion-new');
  await chair.click('Gửi tới 2 đồng chí', 'dialog[open]');
  await until(chair, 'the question', () => /Quy chế làm việc/.test(document.querySelector('main h2')?.textContent));
  await secretary.go(`${given.origin}/lay-y-kien`);
  await until(secretary, 'what waits', () => /đang chờ đồng chí/.test(document.querySelector('h1')?.textContent));
  await show(secretary, pictures, 'opinions');
  await secretary.evaluate(() => document.querySelector('main .rows a').click());
  await secretary.wait('.choices button');
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
