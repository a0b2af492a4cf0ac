// The two browsers behind one small interface, and the words that run inside their pages.
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { keyHash, trusting } from './launch.mjs';

/** Words for the pages under test: what is seen of the other, what arrives, which pixels. */
const WORDS = () => {
  globalThis.tiles = () => document.querySelectorAll('[data-participant]').length;
  globalThis.other = () =>
    [...document.querySelectorAll('[data-participant]')].find((tile) => !/\(đồng chí\)/.test(tile.textContent));
  globalThis.pictureOf = () => other()?.querySelector('video') ?? null;
  globalThis.initialsOf = () => other()?.querySelector('.init')?.textContent ?? '';
  globalThis.wordsOf = () => other()?.textContent ?? '';
  globalThis.pressed = (key) => document.querySelector(`[aria-keyshortcuts=${key}]`).getAttribute('aria-pressed');
  globalThis.received = async () => {
    const { subscribe } = await hoianCall.stats();
    const inbound = [...subscribe.values()].filter((one) => one.type === 'inbound-rtp');
    const sum = (kind, field) =>
      inbound.filter((one) => one.kind === kind).reduce((total, one) => total + (one[field] ?? 0), 0);
    const most = (field) => Math.max(0, ...inbound.map((one) => one[field] ?? 0));
    return {
      frames: sum('video', 'framesDecoded'),
      packets: sum('audio', 'packetsReceived'),
      picture_bytes: sum('video', 'bytesReceived'),
      energy: sum('audio', 'totalAudioEnergy'),
      width: most('frameWidth'),
      height: most('frameHeight'),
    };
  };
  /** All voices come in one stream. */
  globalThis.mixed = () => hoianCall.slots.some((slot) => slot.participant === null);
  /** Packets of sound by stream, and how many have come of each since. */
  globalThis.sounds = async () => {
    const { subscribe } = await hoianCall.stats();
    const inbound = [...subscribe.values()].filter((one) => one.type === 'inbound-rtp' && one.kind === 'audio');
    return Object.fromEntries(inbound.map((one) => [one.ssrc, one.packetsReceived]));
  };
  globalThis.sounding = (before, now) => Object.entries(now).map(([ssrc, count]) => count - (before[ssrc] ?? 0));
  globalThis.pixels = () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(pictureOf(), 0, 0, 64, 36);
    return [...context.getImageData(0, 0, 64, 36).data];
  };
  globalThis.differs = (one, two) => one.filter((value, index) => Math.abs(value - two[index]) > 16).length;
};

const CHROMIUM = [
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update',
  '--disable-sync --mute-audio --autoplay-policy=no-user-gesture-required --use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream --disable-background-timer-throttling --disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows --auto-select-desktop-capture-source=Entire',
].flatMap((line) => line.split(' '));

/** `trust` is a file with the certificate of an authority, where the pages come over TLS; of two switches the last counts. */
export async function openChromium(size, trust, switches = []) {
  const args = [...CHROMIUM, ...switches];
  if (trust) args.push(`--ignore-certificate-errors-spki-list=${await keyHash(trust)}`);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  return visitor(browser, size);
}

/** Somebody with cookies of their own in a Chromium that may hold others. */
async function visitor(browser, size) {
  const context = await browser.newContext({ viewport: size, locale: 'vi-VN' });
  await context.addInitScript(WORDS);
  // axe runs in the page; the policy of the page itself is tested elsewhere.
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  complain(page, 'Chromium');
  return {
    name: 'Chromium',
    go: (url) => page.goto(url),
    reload: () => page.reload(),
    wait: (selector) => page.waitForSelector(selector, { timeout: 60_000 }),
    fill: (selector, text) => page.fill(selector, text),
    press: (key) => page.keyboard.press(key),
    click: (text, within = 'body') => page.locator(within).getByRole('button', { name: text }).last().click(),
    evaluate: (work, argument) => page.evaluate(work, argument),
    run: (source) => session.send('Runtime.evaluate', { expression: source }),
    resize: (to) => page.setViewportSize(to),
    picture: (path) => page.screenshot({ path }),
    /** Slows the page's processor down. */
    throttle: (rate) => session.send('Emulation.setCPUThrottlingRate', { rate }),
    /** Seconds that the main thread has worked, and on what, since the page was opened. */
    worked: async () => {
      await session.send('Performance.enable');
      const { metrics } = await session.send('Performance.getMetrics');
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    },
    /** Runs in every page before its own scripts. */
    before: (work) => context.addInitScript(work),
    hover: (selector, position) => page.hover(selector, { position }),
    another: (its = size) => visitor(browser, its),
    close: () => browser.close(),
  };
}

export async function openFirefox(size, trust) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    userDataDir: trust && (await trusting(trust)),
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    defaultViewport: size,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'intl.accept_languages': 'vi',
    },
  });
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(WORDS);
  complain(page, 'Firefox');
  const find = (text, within) => `::-p-xpath(//*[${within}]//button[contains(normalize-space(.), "${text}")])`;
  return {
    name: 'Firefox',
    go: (url) => page.goto(url, { waitUntil: 'domcontentloaded' }),
    reload: () => page.reload({ waitUntil: 'domcontentloaded' }),
    wait: (selector) => page.waitForSelector(selector, { timeout: 60_000 }),
    // As Chromium's: what the page is still loading is waited for.
    fill: async (selector, text) => {
      const field = await page.waitForSelector(selector, { timeout: 60_000 });
      await field.evaluate((each) => each.select());
      await field.type(text);
    },
    press: (key) => page.keyboard.press(key),
    click: async (text, within = 'body') => {
      const scope = within === 'body' ? 'self::body' : 'self::dialog[@open]';
      const button = await page.waitForSelector(find(text, scope), { timeout: 60_000 });
      await button.click();
    },
    evaluate: (work, argument) => page.evaluate(work, argument),
    picture: (path) => page.screenshot({ path }),
    close: () => browser.close(),
  };
}

/** What goes wrong inside a page belongs to the report of the test. */
function complain(page, name) {
  page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
  page.on('console', (line) => line.type() === 'error' && console.error(`${name}: ${line.text()}`));
}
