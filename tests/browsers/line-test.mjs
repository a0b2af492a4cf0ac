// Somebody tests their line on the real page, in one browser and one network; what the page says of each way, and its one
// sentence, are what the test of the network expects.
//
//   node line-test.mjs '{"browser", "origin", "password", "link"?, "trust"?, "cameras"?, "ways", "verdicts", "folder", "pictures"?}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openChromium, openFirefox } from './browser.mjs';
import { DESK, judge, logIn, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
mkdirSync(given.folder, { recursive: true });
const cameras = given.cameras === undefined ? [] : [`--use-fake-device-for-media-stream=device-count=${given.cameras}`];
const browser = await (given.browser === 'firefox'
  ? openFirefox(DESK, given.trust)
  : openChromium(DESK, given.trust, cameras));
const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${browser.name}: ${step}`);
try {
  await story();
} catch (error) {
  await browser.picture(join(given.folder, `failed-${browser.name}.png`)).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function story() {
  if (given.link) await byLink();
  else await byAccount();
  await browser.click('Bắt đầu kiểm tra');
  await until(browser, 'the test to run', () => document.querySelector('main').dataset.phase === 'runs');
  if (given.pictures === 'open') await stopAndBeginAnew();
  await until(browser, 'the verdict', () => document.querySelector('main').dataset.phase === 'done').catch(async (error) => {
    console.error(await browser.evaluate(() => document.querySelector('main').innerText));
    throw error;
  });
  const found = await browser.evaluate(read);
  done(JSON.stringify(found));
  for (const [way, standing] of Object.entries(given.ways)) assert.equal(found.ways[way], standing, way);
  assert.ok(expected(found).includes(found.verdict), `${found.verdict}, not ${given.verdicts}`);
  assert.equal(found.focus, found.sentence, 'the sentence has the focus');
  assert.doesNotMatch(found.next, /[{}]/, 'what is to be done names it');
  await reports(found);
  if (given.pictures && given.browser === 'chromium') await show(browser, given.folder, given.pictures);
  if (given.pictures === 'open') await hearsTheBell();
}

/** The sentences that are true here: a computer with much to do has a poor line, and then that is to be said. */
function expected({ line }) {
  if (!line) return given.verdicts;
  const { up_kbps, down_kbps, round_trip_ms, is_growing, is_slow_computer } = line;
  const lost = Math.max(line.up_lost_permille, line.down_lost_permille);
  const isBelow = (up, down) => (up_kbps < up && !is_growing) || (down_kbps < down && down_kbps < 0.8 * up_kbps);
  if (lost >= 200 || round_trip_ms >= 800 || (isBelow(100, 150) && !is_slow_computer)) return ['line-useless'];
  const isPoor = isBelow(400, 500) || round_trip_ms >= 400 || lost >= 30;
  return isPoor && given.verdicts.includes('ready')
    ? ['line-lossy', 'line-slow', 'line-late', 'computer-slow']
    : given.verdicts;
}

async function byAccount() {
  await logIn(browser, given, 'chuyenvien');
  await browser.go(`${given.origin}/hop`);
  await browser.wait('main h1');
  await until(browser, 'the way to the test', () => document.querySelector('a[href="/kiem-tra-ket-noi"]') !== null);
  await browser.evaluate(() => document.querySelector('a[href="/kiem-tra-ket-noi"]').click());
  await until(browser, 'the page', () => document.querySelector('main').dataset.phase === 'before');
  if (given.pictures === 'open') await show(browser, given.folder, 'before');
}

/** A guest, whose browser asks for a link where it has none. */
async function byLink() {
  await browser.go(`${given.origin}/kiem-tra-ket-noi`);
  await browser.wait('main input');
  await browser.click('Bắt đầu kiểm tra');
  await until(browser, 'what is missing', () => /Mã này chưa đúng/.test(document.body.innerText));
  await browser.go(`${given.origin}/kiem-tra-ket-noi?hop=${given.link}`);
  await until(browser, 'no question', () => document.querySelector('main[data-phase=before] form input') === null && !!document.querySelector('main form'));
}

async function stopAndBeginAnew() {
  await until(browser, 'the line being measured', () => /Đang đo đường truyền/.test(document.body.innerText));
  await browser.picture(join(given.folder, 'runs-desk.png'));
  await browser.click('Dừng kiểm tra');
  await until(browser, 'the stop', () => document.querySelector('main').dataset.phase === 'stopped');
  await judge(browser, 'stopped');
  await browser.click('Kiểm tra lại');
}

/** What the page says, and the report it gives. */
function read() {
  const { verdict } = document.querySelector('main').dataset;
  const { findings } = hoianLineTest;
  return {
    verdict,
    sentence: document.querySelector('h1').innerText,
    next: document.querySelector('h1 + p').innerText,
    focus: document.activeElement.innerText,
    whose: document.querySelector('.tag')?.innerText ?? null,
    ways: Object.fromEntries(Object.entries(findings.ways).map(([way, { standing }]) => [way, standing])),
    took: Object.fromEntries(Object.entries(findings.ways).map(([way, { ms, pair }]) => [way, `${ms} ms ${pair}`])),
    ports: { ...findings.ports },
    line: findings.line && { ...findings.line },
    devices: [hoianLineTest.microphone, hoianLineTest.camera],
  };
}

async function reports({ sentence }) {
  await browser.evaluate(() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      globalThis.taken = blob;
      return make.call(URL, blob);
    };
  });
  await browser.click('Tải báo cáo');
  await until(browser, 'the report', () => globalThis.taken !== undefined);
  const text = await browser.evaluate(() => taken.text());
  assert.ok(text.includes(`Kết luận: ${sentence}`), text);
  const host = new URL(given.origin).host;
  const rest = text.replace(host, '').replace(/^Trình duyệt: .*$/m, '');
  assert.doesNotMatch(rest, /\d+\.\d+\.\d+\.\d+|candidate|chuyenvien|credential/, 'nobody is named, no secret told');
  done('the report says the same');
}

async function hearsTheBell() {
  await browser.click('Phát tiếng chuông');
  await until(browser, 'the question', () => /có nghe thấy hai tiếng chuông/.test(document.body.innerText));
  await judge(browser, 'bell');
  await browser.click('Tôi không nghe thấy');
  await until(browser, 'the verdict to follow', () => document.querySelector('main').dataset.verdict !== 'ready');
  await browser.click('Phát tiếng chuông');
  await until(browser, 'the question again', () => /có nghe thấy hai tiếng chuông/.test(document.body.innerText));
  await browser.click('Tôi nghe thấy');
  await until(browser, 'the loudspeaker to count', () => /Nghe thấy/.test(document.body.innerText));
  done('the loudspeaker counts as the answer says');
}
