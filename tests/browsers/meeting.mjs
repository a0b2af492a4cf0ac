// Chromium and Firefox meet: through the real pages, each decodes the other's picture and sound.
//
//   node meeting.mjs '{"origin", "user_name", "password", "one_time_code", "pictures"}'
//
// Prints one line a step; the first that fails ends it with an error. `pictures` is a folder for screenshots.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openChromium, openFirefox } from './browser.mjs';
import { DESK, enterRoom, hearsAndSees, judge, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const pictures = given.pictures ?? '/tmp/hoian-meeting';
mkdirSync(pictures, { recursive: true });

const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${step}`);

const chromium = await openChromium(DESK);
const firefox = await openFirefox(DESK);
try {
  await story();
} catch (error) {
  await chromium.picture(join(pictures, 'failed-chromium.png')).catch(() => undefined);
  await firefox.picture(join(pictures, 'failed-firefox.png')).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  await Promise.allSettled([chromium.close(), firefox.close()]);
}

async function story() {
  const link = await callMeeting();
  await enter(chromium, link, null, 'pre-join');
  await enter(firefox, link, 'Xã Tân Thủy', null);
  for (const browser of [chromium, firefox]) await until(browser, 'two tiles', () => tiles() === 2);
  done('both are in the same room');

  for (const browser of [chromium, firefox]) await decodes(browser);
  await show(chromium, pictures, 'room');

  await muteIsTrue();
  await sharesScreen();
  await pins();
  await onlyListens();
  await hearsMixed();
  const lines = await seesLines(link);
  await comesBack();
  await leaves();
  await takesLinesAlong(lines);
}

async function callMeeting() {
  await chromium.go(`${given.origin}/dang-nhap`);
  await chromium.fill('input[autocomplete=username]', given.user_name);
  await chromium.fill('input[type=password]', given.password);
  await chromium.press('Enter');
  if (given.one_time_code) {
    await chromium.wait('input[autocomplete=one-time-code]');
    await chromium.fill('input[autocomplete=one-time-code]', given.one_time_code);
    await chromium.press('Enter');
  }
  await chromium.wait('.places');
  await chromium.go(`${given.origin}/hop`);
  await chromium.wait('main h1');
  await chromium.click('Tạo cuộc họp');
  await chromium.fill('dialog input[maxlength="200"]', 'Giao ban công tác tuần 48');
  await judge(chromium, 'create');
  await chromium.evaluate(() => document.querySelector('#create-meeting').requestSubmit());
  await chromium.wait('dialog .link a');
  const link = await chromium.evaluate(() => document.querySelector('dialog .link a').href);
  await chromium.go(`${given.origin}/hop`);
  await chromium.wait('.rows a');
  await show(chromium, pictures, 'list');
  done('a meeting is called');
  return link;
}

async function enter(browser, link, name, picture) {
  await enterRoom(browser, link, name, async () => {
    if (picture) await show(chromium, pictures, picture);
  });
  await until(browser, 'own tile', () => tiles() >= 1);
}

async function decodes(browser) {
  const now = await hearsAndSees(browser);
  done(`${browser.name} decoded ${now.frames} frames (${now.width}x${now.height}) and ${now.packets} packets of sound`);
}

async function muteIsTrue() {
  await chromium.press('m');
  await until(firefox, 'the other is shown muted', () => /micrô tắt/.test(wordsOf()));
  await until(chromium, 'own button says so', () => pressed('M') === 'false');
  await silentFor(firefox);
  await chromium.press('m');
  await until(firefox, 'the other is shown open', () => /micrô bật/.test(wordsOf()));
  const first = await firefox.evaluate(() => received());
  await until(firefox, 'sound again', async (first) => (await received()).packets > first.packets + 25, first);
  done('mute is true: nothing arrives while it is shown, and sound comes back');

  await chromium.press('v');
  await until(firefox, 'initials when the camera is off', () => pictureOf() === null && initialsOf() !== '');
  await chromium.press('v');
  await until(firefox, 'the picture is back', () => pictureOf() !== null && pictureOf().videoWidth > 0);
  done('a camera closes and opens');
}

/** Within two seconds no more than the last few packets arrive. */
async function silentFor(browser) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const first = await browser.evaluate(() => received());
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const second = await browser.evaluate(() => received());
  assert.ok(second.packets - first.packets <= 2, `${second.packets - first.packets} packets came from a muted microphone`);
}

async function sharesScreen() {
  await chromium.click('Chia sẻ');
  await until(firefox, 'the stage', () => document.querySelector('.stage video')?.videoWidth > 300);
  const first = await firefox.evaluate(() => document.querySelector('.stage video').currentTime);
  await until(firefox, 'the stage plays', (first) => document.querySelector('.stage video').currentTime > first, first);
  await show(chromium, pictures, 'stage');
  await firefox.picture(join(pictures, 'stage-firefox.png'));
  await chromium.click('Dừng chia sẻ');
  await until(firefox, 'the stage is given back', () => document.querySelector('.stage') === null);
  done('a shared screen takes the stage and gives it back');
}

/** One viewer's own: the other keeps the grid. A reload keeps the pin. */
async function pins() {
  await chromium.click('Ghim Xã Tân Thủy');
  const onStage = () => document.querySelector('.spot video')?.videoWidth > 0;
  await until(chromium, 'the pinned one on the stage', onStage);
  assert.equal(await firefox.evaluate(() => document.querySelector('.spot')), null);
  await show(chromium, pictures, 'pinned');
  await chromium.reload();
  await chromium.wait('.controls');
  await until(chromium, 'the pin is kept', onStage);
  await chromium.click('Bỏ ghim Xã Tân Thủy', '.spot');
  for (const browser of [chromium, firefox]) await until(browser, 'the grid again', () => tiles() === 2);
  done('a pin is the own view, and is kept over a reload');
}

/** No byte of a picture arrives, sound goes on, and pictures come back when they are asked for. */
async function onlyListens() {
  await decodes(firefox);
  await firefox.press('n');
  await until(firefox, 'initials in place of the picture', () => pictureOf() === null);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const first = await firefox.evaluate(() => received());
  await until(firefox, 'two seconds of sound', async (first) => (await received()).packets > first.packets + 100, first);
  const second = await firefox.evaluate(() => received());
  assert.equal(second.picture_bytes, first.picture_bytes, 'a picture was sent to who only listens');
  await firefox.picture(join(pictures, 'sound-only-firefox.png'));
  await chromium.press('n');
  await until(chromium, 'the note', () => /Đang chỉ nghe tiếng/.test(document.body.textContent));
  await show(chromium, pictures, 'sound-only');
  await chromium.click('Xem hình lại');
  await firefox.click('Xem hình lại');
  await decodes(firefox);
  await decodes(chromium);
  done('who only listens is sent no picture until they ask again');
}

/** The page of the lines, live: what Firefox's own browser tells of its line, and what the server measured. */
// The mixed stream carries the other and never oneself: with the other muted nothing is left of it, however loud one is.
async function hearsMixed() {
  await chromium.click('Thêm');
  await turnMixing();
  await until(chromium, 'the server mixes', () => /đang được gộp thành một luồng/.test(document.querySelector('dialog[open]')?.textContent));
  await show(chromium, pictures, 'mixed-sound');
  await chromium.press('Escape');
  await until(chromium, 'one stream of sound', () => mixed());
  await decodes(chromium);
  const first = await chromium.evaluate(() => sounds());
  await until(chromium, 'a second of it', async (first) => sounding(first, await sounds()).some((count) => count > 50), first);
  const growing = await chromium.evaluate(async (first) => sounding(first, await sounds()).filter((count) => count > 0).length, first);
  assert.equal(growing, 1, 'one stream of sound, and nothing beside it');
  await firefox.press('m');
  await until(firefox, 'muted', () => pressed('M') === 'false');
  await quietFor(chromium);
  assert.equal(await chromium.evaluate(() => pressed('M')), 'true', 'it speaks itself meanwhile');
  await firefox.press('m');
  await decodes(chromium);
  await chromium.reload();
  await chromium.wait('.controls');
  await until(chromium, 'mixed again after a reload', () => mixed());
  await decodes(chromium);
  await chromium.click('Thêm');
  await until(chromium, 'said so', () => /đang được gộp thành một luồng/.test(document.querySelector('dialog[open]')?.textContent));
  await turnMixing();
  await chromium.press('Escape');
  await until(chromium, 'each voice by itself', () => !mixed());
  await decodes(chromium);
  done('mixed sound is one stream with the other in it and not oneself, and outlives a reload');
}

function turnMixing() {
  return chromium.evaluate(() => document.querySelector('dialog[open] [aria-describedby=mixed]').click());
}

// Until for two seconds hardly any sound was heard, though packets came.
async function quietFor(browser) {
  const quiet = async () => {
    const first = await received();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const second = await received();
    return second.packets > first.packets + 50 && second.energy - first.energy < 1e-4;
  };
  await until(browser, 'two quiet seconds', quiet);
}

async function seesLines(link) {
  await chromium.click('Thêm');
  const lines = await chromium.evaluate(() => document.querySelector('dialog a[href$="/duong-truyen"]').href);
  await chromium.go(lines);
  await until(chromium, 'the line of the other', () => {
    const line = [...document.querySelectorAll('.cards li')].find((one) => /Xã Tân Thủy/.test(one.textContent));
    const figures = [...(line?.querySelectorAll('dd') ?? [])].map((one) => one.textContent);
    // Alone there, it is sent no picture.
    return figures.length === 10 && figures.filter((one) => one === '–').length <= 1;
  });
  await show(chromium, pictures, 'lines');
  done('the lines are seen');
  // The seat is kept: nobody asks at the door.
  await chromium.go(link);
  await chromium.wait('.controls');
  for (const browser of [chromium, firefox]) await until(browser, 'both again', () => tiles() === 2);
  return lines;
}

async function takesLinesAlong(lines) {
  await chromium.go(lines);
  await chromium.wait('a[download]');
  await show(chromium, pictures, 'lines-over');
  const table = await chromium.evaluate(async () => (await fetch(document.querySelector('a[download]').href)).text());
  const rows = table.trim().split('\r\n');
  assert.equal(rows.length, 3, table);
  assert.ok(rows.some((row) => /^"Xã Tân Thủy","UDP",.*"\d+"/.test(row)), table);
  done('the lines are taken along');
}

async function comesBack() {
  const who = await chromium.evaluate(() => other()?.dataset.participant);
  await firefox.reload();
  await firefox.wait('.controls');
  await until(firefox, 'both again', () => tiles() === 2);
  await decodes(firefox);
  await decodes(chromium);
  assert.equal(await chromium.evaluate(() => other()?.dataset.participant), who, 'the same seat');
  assert.equal(await chromium.evaluate(() => tiles()), 2);
  done('a reload finds its seat again');
}

async function leaves() {
  await firefox.click('Rời họp');
  await firefox.click('Rời họp', 'dialog[open]');
  await until(firefox, 'the way out', () => /đã rời/.test(document.querySelector('h1').textContent));
  await until(chromium, 'alone', () => tiles() === 1);
  await chromium.click('Rời họp');
  await judge(chromium, 'leave');
  await chromium.click('Kết thúc cho mọi người', 'dialog[open]');
  await until(chromium, 'the end', () => /đã kết thúc/.test(document.querySelector('h1').textContent));
  await firefox.click('Vào lại');
  await firefox.reload();
  await until(firefox, 'nobody comes back', () => /đã kết thúc/.test(document.querySelector('h1')?.textContent ?? ''));
  done('one leaves, the chair ends it for everyone');
}
