// A leader enrols and signs by the state's desktop tool, then by a remote service; a simulator and a service of the harness
// stand for both.
import { mkdirSync } from 'node:fs';
import { openChromium } from './browser.mjs';
import { DESK, logIn, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const { origin, pictures } = given;
mkdirSync(pictures, { recursive: true });
const browser = await openChromium(DESK);
try {
  await story();
} finally {
  await browser.close();
}

async function story() {
  await logIn(browser, given, given.user, given.code);
  await browser.go(`${origin}/cai-dat`);
  await press('Đăng ký bằng công cụ ký');
  await said('sẽ mở một trang');
  await show(browser, pictures, 'tool-enrol');
  await press('Mở công cụ ký');
  await said('Khóa nằm trên USB token');

  await browser.go(`${origin}/van-ban/${given.by_tool}/ky`);
  await said('Công cụ ký của Ban Cơ yếu');
  await browser.evaluate(() => document.querySelector('input[name=way][value=tool]').click());
  await show(browser, pictures, 'tool-sign');
  // The tool's user closes the window of the PIN first.
  await press('Ký văn bản');
  await said('Công cụ ký báo chưa ký xong');
  await said('Người dùng đã hủy');
  await show(browser, pictures, 'tool-cancelled');
  await press('Ký văn bản');
  await said('Đồng chí không phải làm gì thêm');
  await show(browser, pictures, 'tool-signed');

  await browser.go(`${origin}/cai-dat`);
  await press('Đăng ký khóa ký số từ xa');
  await browser.fill('form#remote input', '079200009999');
  await press('Tìm khóa');
  await said('không có khóa nào dùng được');
  await browser.fill('form#remote input', given.remote_user);
  await press('Tìm khóa');
  await said('Chọn chứng thư để ký');
  await press('Gửi mã');
  await said('Đã nhờ dịch vụ gửi mã');
  await show(browser, pictures, 'remote-enrol');
  await browser.fill('form#remote input[type=password]', given.remote_pin);
  await browser.fill('form#remote input[autocomplete=one-time-code]', given.remote_code);
  await press('Đăng ký khóa này');
  await said('ký từ xa.');

  await browser.go(`${origin}/van-ban/${given.from_afar}/ky`);
  await said('hệ thống chỉ chuyển mã tới dịch vụ');
  await show(browser, pictures, 'remote-sign');
  await type('000000');
  await press('Ký văn bản');
  await said('không nhận mã PIN, mã OTP');
  await show(browser, pictures, 'remote-refused');
  await type(given.remote_code);
  await press('Ký văn bản');
  await said('Đang chờ dịch vụ thử');
  await show(browser, pictures, 'remote-waits');
  await said('Đồng chí không phải làm gì thêm');
}

async function type(code) {
  await browser.fill('main form input[type=password]', given.remote_pin);
  await browser.fill('main form input[autocomplete=one-time-code]', code);
}

/** Presses the last button that says this, once it can be pressed. */
async function press(words) {
  const found = `button ${words}`;
  await until(
    browser,
    found,
    (wanted) => {
      const buttons = [...document.querySelectorAll('button')].filter(
        (one) => one.checkVisibility() && !one.disabled && one.ariaBusy !== 'true' && one.textContent.trim() === wanted,
      );
      buttons.at(-1)?.click();
      return buttons.length > 0;
    },
    words,
  );
}

function said(words) {
  const shows = (wanted) => document.body.textContent.replace(/\s+/g, ' ').includes(wanted);
  return until(browser, words, shows, words);
}
