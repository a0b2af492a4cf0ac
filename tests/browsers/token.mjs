// A leader enrols the key on a USB token and signs with it, in one browser: the extension, the host and the window of the PIN
// are the real ones; SoftHSM2 stands for the token.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { DESK, PHONE, judge, logIn, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const { origin, foreign, host, display, pin, document, pictures } = given;
const EXTENSION = new URL('../../web/extension/', import.meta.url).pathname;
const profile = mkdtempSync(join(tmpdir(), 'hoian-token-'));
mkdirSync(pictures, { recursive: true });
execFileSync('node', [join(EXTENSION, 'build'), origin, foreign]);
const xdotool = (...words) =>
  promisify(execFile)('xdotool', words, { env: { DISPLAY: display } }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );

const browser = await { chromium: openChromium, firefox: openFirefox }[given.browser]();
try {
  await story();
} finally {
  await browser.close();
}

async function story() {
  // A page that this PC's settings do not list is heard by the extension and refused by the host.
  await browser.go(`${foreign}/dang-nhap`);
  assert.deepEqual(await ask('status'), { refusal: { kind: 'origin-refused' } });

  await logIn(browser, given, given.user, given.code);
  const { version } = (await ask('status')).result;
  assert.match(version, /^\d+\.\d+\.\d+$/);
  // A page names a request; with a hash of its own it gets nothing.
  const word = 'A'.repeat(43);
  assert.deepEqual(await ask({ sign: { word, hash: '00' } }), { refusal: { kind: 'malformed' } });

  if (given.enrols) {
    await browser.go(`${origin}/cai-dat`);
    await browser.click('Đăng ký USB token');
    await said(given.full_name);
    await show('enrol');
    await browser.click('Đăng ký khóa này');
    await enter(pin);
    await said('Khóa nằm trên USB token');
    await show('enrolled');
  }

  await browser.go(`${origin}/van-ban/${document}/ky`);
  await said('Cắm token, bấm Ký');
  await show('sign');
  await sign();
  await said('Nhập PIN ở cửa sổ của khóa');
  await show('pin');
  await press('Escape');
  await said('đã đóng cửa sổ nhập PIN');
  await show('cancelled');

  await sign();
  for (let wrong = 0; wrong < 3; wrong++) await enter('00000000');
  await said('nhập sai PIN 3 lần');

  await sign();
  await enter('00000000');
  await enter(pin);
  await said('Đồng chí không phải làm gì thêm');
  await show('signed');
}

function said(words) {
  const shows = (wanted) => globalThis.document.body.textContent.replace(/\s+/g, ' ').includes(wanted);
  return until(browser, words, shows, words);
}

async function sign() {
  const button = 'main form button[type=submit]:enabled';
  await browser.wait(button);
  await browser.evaluate((selector) => globalThis.document.querySelector(selector).click(), button);
}

/** Asks as a page does that has not the product's own code. */
function ask(command) {
  return browser.evaluate((asked) => {
    const id = String(Math.random());
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('no extension answers')), 30_000);
      addEventListener('message', ({ data }) => {
        if (data?.hoian !== 'token-answer' || data.id !== id) return;
        const { result, refusal } = data;
        if (result) resolve({ result });
        if (refusal) resolve({ refusal });
      });
      postMessage({ hoian: 'token', id, language: 'vi', command: asked }, location.origin);
    });
  }, command);
}

/** Types a PIN into its window, and waits until that is gone. */
async function enter(text) {
  const shown = await opened((found) => found !== '');
  await xdotool('type', '--delay', '20', text);
  await xdotool('key', 'Return');
  await opened((found) => found !== shown);
}

async function press(key) {
  await opened((found) => found !== '');
  await xdotool('key', key);
}

async function opened(isSo) {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const found = await xdotool('search', '--onlyvisible', '--name', 'USB token');
    if (isSo(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const page = await browser.evaluate(() => globalThis.document.querySelector('main').innerText);
  throw new Error(`${browser.name}: the window of the PIN did not come or go within a minute; the page says: ${page}`);
}

async function show(name) {
  if (given.browser !== 'chromium') return;
  for (const [size, suffix] of [
    [PHONE, 'phone'],
    [DESK, 'desk'],
  ]) {
    await browser.resize(size);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await browser.picture(join(pictures, `${name}-${suffix}.png`));
    await judge(browser, `${name}-${suffix}`);
  }
}

function manifest(more) {
  return JSON.stringify({
    name: 'vn.hoian.token',
    description: 'Hội Ấn',
    path: host,
    type: 'stdio',
    ...more,
  });
}

async function openChromium() {
  const hosts = join(profile, 'NativeMessagingHosts');
  mkdirSync(hosts);
  writeFileSync(
    join(hosts, 'vn.hoian.token.json'),
    manifest({ allowed_origins: ['chrome-extension://mldofhhkklelcalndnldaomclcadhmbg/'] }),
  );
  const folder = join(EXTENSION, 'dist/chromium');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
    ignoreDefaultArgs: ['--disable-extensions'],
    viewport: DESK,
    locale: 'vi-VN',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const session = await context.newCDPSession(page);
  page.on('pageerror', (error) => console.error(`Chromium: ${error.message}`));
  return {
    name: 'Chromium',
    go: (url) => page.goto(url),
    wait: (selector) => page.waitForSelector(selector, { timeout: 60_000 }),
    fill: (selector, text) => page.fill(selector, text),
    press: (key) => page.keyboard.press(key),
    click: (text) => page.getByRole('button', { name: text }).last().click(),
    evaluate: (work, argument) => page.evaluate(work, argument),
    run: (source) => session.send('Runtime.evaluate', { expression: source }),
    resize: (to) => page.setViewportSize(to),
    picture: (path) => page.screenshot({ path }),
    close: () => context.close(),
  };
}

async function openFirefox() {
  const hosts = join(profile, '.mozilla/native-messaging-hosts');
  mkdirSync(hosts, { recursive: true });
  writeFileSync(join(hosts, 'vn.hoian.token.json'), manifest({ allowed_extensions: ['token@hoi-an'] }));
  const firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    defaultViewport: DESK,
    env: { ...process.env, HOME: profile },
    extraPrefsFirefox: { 'intl.accept_languages': 'vi' },
  });
  await firefox.installExtension(join(EXTENSION, 'dist/firefox'));
  const page = await firefox.newPage();
  page.on('pageerror', (error) => console.error(`Firefox: ${error.message}`));
  return {
    name: 'Firefox',
    go: (url) => page.goto(url, { waitUntil: 'domcontentloaded' }),
    wait: (selector) => page.waitForSelector(selector, { timeout: 60_000 }),
    fill: async (selector, text) => {
      await page.waitForSelector(selector, { timeout: 60_000 });
      await page.type(selector, text);
    },
    press: (key) => page.keyboard.press(key),
    evaluate: (work, argument) => page.evaluate(work, argument),
    close: () => firefox.close(),
  };
}
