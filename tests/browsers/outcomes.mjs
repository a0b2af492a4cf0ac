// The papers of a meeting on the way of every document, through the pages of who drafts, signs, seals and receives them.
import { show, until } from './look.mjs';

const PLAN = 'Thông qua Kế hoạch cải cách hành chính năm 2027?';
const HEAD = 'Giới thiệu đồng chí Nguyễn Thị Lan làm Tổ trưởng Tổ công tác?';
const MINUTES = 'Biên bản cuộc họp';
const RECORDS = [`Kết quả biểu quyết: ${PLAN}`, `Biên bản kiểm phiếu: ${HEAD}`];

/** Notes and a conclusion are written and seen at once; the papers that both sign are drafted, and signed before they leave. */
export async function concluded({ given, chair, secretary, pictures, done }) {
  for (const browser of [secretary, chair]) {
    await browser.click('Thêm');
    await browser.click('Biên bản và kết luận', 'dialog[open]');
    await browser.wait('aside.panel textarea');
  }
  await secretary.fill('aside.panel textarea', 'Sở Nội vụ báo cáo: 92% hồ sơ đúng hạn.\n- Một số xã còn chậm.');
  await until(chair, 'what the secretary writes', () => /92% hồ sơ/.test(document.querySelector('aside.panel textarea').value));
  for (const [text, agency, day] of [
    ['Hoàn thành số hóa hồ sơ lưu trữ năm 2026.', 'An Phú', '2099-12-15'],
    ['Trình Kế hoạch cải cách hành chính năm 2027.', 'Sở Nội vụ', '2099-12-20'],
  ]) {
    await secretary.click('Thêm kết luận');
    await secretary.fill('aside.panel form textarea', text);
    await secretary.evaluate((agency) => {
      const select = document.querySelector('aside.panel form select');
      select.value = [...select.options].find((option) => option.text.includes(agency)).value;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    }, agency);
    await secretary.fill('aside.panel form input[type=date]', day);
    await secretary.click('Ghi kết luận');
    await until(chair, 'the conclusion', (text) => document.querySelector('aside.panel').textContent.includes(text), text);
  }
  await show(secretary, pictures, 'minutes');
  done('notes and conclusions are written and seen by the chair');
  for (const title of [MINUTES, ...RECORDS]) {
    await secretary.click(`Lập dự thảo ${title}`);
    await secretary.click(`Trình ký ${title}`);
    for (const browser of [secretary, chair]) {
      await browser.click(`Xem và ký ${title}`);
      await browser.wait('dialog[open] canvas');
      await browser.fill('dialog[open] input.pin', given.pin);
      if (browser === chair && title === MINUTES) await show(chair, pictures, 'sign-minutes');
      await browser.evaluate(() => document.querySelector('dialog[open] button[type=submit]').click());
      await until(
        browser,
        `the signature under ${title}`,
        (title) =>
          !document.querySelector('dialog[open]') &&
          ![...document.querySelectorAll('aside.panel button')].some((one) => one.textContent.includes(`Xem và ký ${title}`)),
        title,
      );
    }
    await until(
      chair,
      `both signatures under ${title}`,
      (title) => [...document.querySelectorAll('aside.panel article')].some((one) => one.textContent.includes(title) && /Đã ký/.test(one.textContent)),
      title,
    );
  }
  await show(chair, pictures, 'minutes-signed');
  done('secretary and chair sign the minutes and the records of both votes in the meeting');
}

/** The clerk numbers, seals and issues everything; the notice gives each agency its part, and the page of the meeting tells how it stands. */
export async function issued(hall, { id }) {
  const { given, secretary, receiver, pictures, done } = hall;
  let number = 0;
  for (const title of [MINUTES, ...RECORDS]) {
    number += 1;
    const document = await documentOf(secretary, given, id, title);
    await issues(hall, document, `0${number}/BB-UBND`, number === 1 ? 'minutes-issued' : undefined);
  }
  done('the minutes and the records of both votes are issued');
  await secretary.go(`${given.origin}/hop/${id}/bien-ban`);
  await secretary.click('Lập dự thảo Thông báo kết luận');
  await secretary.click('Trình ký Thông báo kết luận');
  await until(secretary, 'it is submitted', () => /Đã trình ký/.test(document.querySelector('main').textContent));
  const notice = await documentOf(secretary, given, id, 'Thông báo kết luận');
  await signs(hall, notice);
  await issues(hall, notice, '01/TB-UBND');
  await secretary.go(`${given.origin}/hop/${id}/bien-ban`);
  await until(secretary, 'how the conclusions stand', () => /Thực hiện kết luận.*An Phú.*Đã đến, chưa tiếp nhận/s.test(document.body.textContent));
  for (const number of ['02', '03', '04', '05']) await accepts(hall, number);
  await secretary.reload();
  await until(secretary, 'the commune has its part', () => /An Phú.*Đã tiếp nhận/s.test(document.querySelector('main').textContent));
  await show(secretary, pictures, 'conclusions-stand');
  await show(receiver, pictures, 'received');
  done('the notice is issued, and the commune has taken in all four papers');
}

async function documentOf(browser, given, meeting, title) {
  await browser.go(`${given.origin}/hop/${meeting}/bien-ban`);
  const find = (title) => {
    const paper = [...document.querySelectorAll('main article')].find((one) => one.querySelector('h4').textContent.includes(title));
    return paper?.querySelector('a[href^="/van-ban/"]')?.pathname.split('/').pop();
  };
  await until(browser, title, (title) => [...document.querySelectorAll('main article')].some((one) => one.textContent.includes(title) && one.querySelector('a[href^="/van-ban/"]')), title);
  return browser.evaluate(find, title);
}

/** Whoever drafted the paper that is open submits it. */
export async function submits({ secretary }) {
  await secretary.click('Trình ký');
  await until(secretary, 'it waits for its signer', () => /Đang chờ .* ký/.test(document.querySelector('h1').textContent));
}

/** The leader signs on the page for that. */
export async function signs({ given, chair }, document) {
  await chair.go(`${given.origin}/van-ban/${document}/ky`);
  await chair.wait('input.pin');
  await chair.fill('input.pin', given.pin);
  await chair.click('Ký văn bản');
  await until(chair, 'the signature', () => /chờ văn thư cấp số/.test(globalThis.document.querySelector('h1').textContent));
}

/** The clerk gives the number, seals, and issues to the agencies of the meeting, which are chosen already. */
export async function issues({ given, host, pictures }, document, code, picture) {
  await host.go(`${given.origin}/van-ban/${document}`);
  await host.click('Cấp số và ngày');
  await host.wait('input.pin');
  await host.fill('input.pin', given.pin);
  await host.click('Đóng dấu cơ quan');
  await until(host, 'the agencies of the meeting are chosen', () => /các cơ quan được mời đã chọn sẵn/.test(globalThis.document.body.textContent));
  if (picture) await show(host, pictures, picture);
  await host.click('Phát hành tới 2');
  await until(
    host,
    `${code} is issued`,
    (code) => /đã phát hành/.test(globalThis.document.querySelector('h1').textContent) && globalThis.document.body.textContent.includes(code),
    code,
  );
}

/** The commune's clerk takes in what came first, under this arrival number. */
export async function accepts({ given, receiver }, number) {
  await receiver.go(`${given.origin}/van-ban-den`);
  await until(receiver, 'what came is checked', () => /Hợp lệ, chưa bị thay đổi/.test(document.querySelector('main').textContent));
  const waiting = await receiver.evaluate(() => document.querySelector('h1').textContent);
  await receiver.click(`Tiếp nhận, vào sổ số ${number}`);
  await until(receiver, `it has the number ${number}`, (waiting) => document.querySelector('h1').textContent !== waiting, waiting);
}
