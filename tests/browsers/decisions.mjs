// What a conference decides: a prepared question openly, another one in secret, a paper that all who are asked sign on the stage.
import assert from 'node:assert/strict';
import { show, until } from './look.mjs';

/** The question was prepared with the agenda: it is put where its item is called, and answered by a page, a phone and raised hands. */
export async function openly({ chair, secretary, delegate, pictures, done }) {
  await chair.evaluate(() => document.querySelector('.item button').click());
  await chair.click('Bàn mục này');
  await chair.click('Mở biểu quyết', 'aside.panel');
  for (const browser of [chair, delegate])
    await until(browser, 'the question', () => /Thông qua Kế hoạch/.test(document.querySelector('.stage h2')?.textContent));
  for (const [browser, keys] of [[delegate, ['2', '1']], [chair, ['1']]])
    for (const key of keys) {
      await until(browser, 'its ballot', () => document.querySelectorAll('.stage .choices button:enabled').length === 3);
      await browser.press(key);
      const choice = key === '1' ? 'Tán thành' : 'Không tán thành';
      await until(browser, 'what is recorded', (choice) => document.querySelector('.stage .ballot')?.textContent.includes(`Đã ghi nhận: ${choice}`), choice);
    }
  await show(delegate, pictures, 'vote-delegate');
  await chair.click('Xem chi tiết');
  for (const [name, choice] of [['Hoàng Văn Nam', 'in_favour'], ['Bùi Thị Thu', 'against']]) {
    await chair.wait(`aside.panel select[aria-label*="${name}"]`);
    await chair.evaluate(
      ([name, choice]) => {
        const hand = document.querySelector(`aside.panel select[aria-label*="${name}"]`);
        hand.value = choice;
        hand.dispatchEvent(new Event('change', { bubbles: true }));
      },
      [name, choice],
    );
  }
  await until(chair, 'the count', () => /Đã biểu quyết 4\/4/.test(document.querySelector('.card')?.textContent));
  await show(chair, pictures, 'vote-chair');
  await chair.click('Kết thúc, lấy kết quả');
  for (const browser of [chair, secretary, delegate])
    await until(browser, 'the result', () => document.querySelector('.stage .outcome')?.textContent.trim() === 'Được thông qua');
  await show(delegate, pictures, 'vote-result');
  await chair.click('Thôi trình chiếu');
  await chair.click('Đóng biểu quyết');
  done('a prepared question is put, answered by a page, a phone and raised hands, and carried');
}

/** Six sites vote in secret: the hall in Chromium, a commune in Firefox, four without a page. */
export async function inSecret({ chair, site, commune, bots, pictures, done }) {
  const choices = ['in_favour', 'in_favour', 'in_favour', 'against'];
  const cast = Promise.all(bots.sites.map((bot, at) => bot.secretly(choices[at])));
  await chair.click('Thêm');
  await chair.click('Biểu quyết', 'dialog[open]');
  await chair.wait('aside.panel form');
  await chair.fill('aside.panel textarea', 'Giới thiệu đồng chí Nguyễn Thị Lan làm Tổ trưởng Tổ công tác?');
  await chair.evaluate(() => {
    const choose = (value) => {
      const select = [...document.querySelectorAll('aside.panel select')].find((one) => [...one.options].some((option) => option.value === value));
      select.value = value;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    };
    choose('sites');
    choose('secret');
  });
  await show(chair, pictures, 'secret-new');
  await chair.click('Mở biểu quyết');
  for (const [browser, key, choice] of [[site, '1', 'Tán thành'], [commune, '3', 'Không biểu quyết']]) {
    await until(browser, 'its ballot', () => document.querySelectorAll('.stage .choices button:enabled').length === 3);
    await browser.press(key);
    await until(browser, 'what is cast', (choice) => document.querySelector('.ballot')?.textContent.includes(`Đã bỏ phiếu: ${choice}`), choice);
  }
  await cast;
  await until(chair, 'all ballots', () => /Đã có 6\/6 phiếu/.test(document.querySelector('.card')?.textContent));
  await chair.click('Kết thúc, lấy kết quả');
  for (const browser of [chair, site, commune])
    await until(browser, 'the result', () => document.querySelector('.stage .outcome')?.textContent.trim() === 'Được thông qua');
  await commune.evaluate(() => document.querySelector('.stage summary').click());
  await until(commune, 'its own ballot', () => /Không biểu quyết\s*Phiếu của đồng chí/.test(document.querySelector('.stage li.own')?.textContent));
  await show(site, pictures, 'secret-result');
  await chair.click('Thôi trình chiếu');
  if (await chair.evaluate(() => document.querySelector('aside.panel form') !== null)) await chair.click('Đóng biểu quyết');
  done('six sites vote in secret, one in Firefox, and each finds its own ballot');
}

/** The draft of the plan is locked on the stage and signed by all who are asked, each with their own key. */
export async function signed({ given, chair, secretary, delegate, commune, pictures, done }) {
  await chair.click('Thêm');
  await chair.click('Tài liệu', 'dialog[open]');
  await until(chair, 'the draft', () => /Kế hoạch cải cách/.test(document.querySelector('aside.panel ul')?.textContent));
  await chair.evaluate(() => {
    const paper = [...document.querySelectorAll('aside.panel li')].find((one) => /Kế hoạch cải cách/.test(one.textContent));
    [...paper.querySelectorAll('button')].find((one) => /Trình chiếu/.test(one.textContent)).click();
  });
  for (const browser of [chair, secretary, delegate, commune]) await browser.wait('.leaf canvas');
  await chair.click('Mở để ký số');
  await chair.wait('dialog[open] fieldset input');
  await chair.evaluate(() => {
    for (const label of document.querySelectorAll('dialog[open] fieldset label')) {
      const signs = /Trần Văn Minh|Phạm Quốc Anh|Nguyễn Thị Lan/.test(label.textContent);
      const box = label.querySelector('input');
      if (box.checked !== signs) box.click();
    }
  });
  await show(chair, pictures, 'signing-open');
  await chair.click('Mở để 3 đồng chí ký', 'dialog[open]');
  for (const browser of [chair, secretary, delegate, commune])
    await until(browser, 'the locked paper', () => /0\/3 đồng chí đã ký/.test(document.querySelector('.signing')?.textContent));
  await show(secretary, pictures, 'signing-asked');
  for (const [browser, count] of [[secretary, 1], [delegate, 2], [chair, 3]]) {
    await browser.click('Ký số tài liệu', '.signing');
    await browser.fill('dialog[open] input.pin', given.pin);
    if (browser === delegate) await show(browser, pictures, 'signing-pin');
    await browser.press('Enter');
    for (const other of [chair, secretary, delegate, commune])
      await until(other, `${count} signatures`, (count) => document.querySelector('.signing')?.textContent.includes(`${count}/3 đồng chí đã ký`), count);
  }
  assert.equal(await commune.evaluate(() => document.querySelector('.signing').textContent.includes('Ký số tài liệu')), false, 'a room signs nothing');
  await chair.click('Xem ai đã ký');
  await show(chair, pictures, 'signing-done');
  await chair.press('Escape');
  await chair.click('Thôi trình chiếu');
  await chair.click('Đóng tài liệu');
  done('a paper is signed by all who are asked, on the stage');
}
