// What the wall of two hundred sites costs the page that shows it, on a processor slowed down four times: the share of the
// main thread, and its long tasks, while nothing happens and while sites come, go and raise their hands.
//
//   node wall.mjs '{"origin", "chair", "password", "one_time_code", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join as joinBots } from './bots.mjs';
import { openChromium } from './browser.mjs';
import { DESK, logIn, show, until } from './look.mjs';

const SITES = 200;
const SLOWED = 4;
const given = JSON.parse(process.argv[2]);
mkdirSync(given.pictures, { recursive: true });

const chair = await openChromium(DESK);
let bots;
try {
  await logIn(chair, given, given.chair, given.one_time_code);
  await chair.before(pretendCameras);
  const meeting = await call();
  await enter(meeting.link_code);
  bots = await joinBots(given.origin, meeting.id, meeting.link_code, SITES);
  await sendStills();
  await open();
  await chair.throttle(SLOWED);
  const quiet = await measure(10_000, async () => undefined);
  const busy = await measure(10_000, stir);
  await chair.throttle(1);
  print('nothing happens', quiet);
  print('five hands a second, a lost line every second', busy);
  await look();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  bots?.leave();
  await chair.close();
}

/** Bots have no camera; the page is told that they have, so that it shows the stills which they do send. */
function pretendCameras() {
  const Native = window.WebSocket;
  const withCamera = (one) => {
    if (one.tracks.length === 0) one.tracks = [{ source: 'camera', state: 'live' }];
    return one;
  };
  window.WebSocket = class extends Native {
    set onmessage(take) {
      super.onmessage = (event) => {
        const message = JSON.parse(event.data);
        message.participants?.forEach?.((one) => one.tracks && withCamera(one));
        if (message.type === 'participant') withCamera(message.participant);
        take({ data: JSON.stringify(message) });
      };
    }
  };
}

function call() {
  return chair.evaluate(async () => {
    const body = { title: 'Hội nghị toàn tỉnh', kind: 'conference', quorum: 'half', muted_above: 1 };
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return (await fetch('/api/v1/meetings', init)).json();
  });
}

async function enter(code) {
  await chair.go(`${given.origin}/hop/${code}`);
  await chair.wait('.checks');
  await chair.click('Vào không cần micrô, camera');
  await chair.wait('.controls');
}

/** A picture of noise of the size of a still, each site's own; sent again every ten seconds, as sites do. */
async function sendStills() {
  const pictures = await chair.evaluate(() =>
    Array.from({ length: 8 }, (_, number) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [320, 180];
      const context = canvas.getContext('2d');
      for (let x = 0; x < 320; x += 8)
        for (let y = 0; y < 180; y += 8) {
          context.fillStyle = `hsl(${(x * y + number * 45) % 360} 60% 50%)`;
          context.fillRect(x, y, 8, 8);
        }
      return canvas.toDataURL('image/jpeg', 0.6).split(',')[1];
    }),
  );
  const send = (bot, index) => bot.say({ type: 'still', jpeg: pictures[index % pictures.length] });
  bots.all.forEach((bot, index) => {
    send(bot, index);
    setTimeout(() => setInterval(() => send(bot, index), 10_000).unref(), (index % 100) * 100).unref();
  });
}

async function open() {
  await chair.click('Thêm');
  await chair.click('Tường điểm cầu', 'dialog[open]');
  await until(chair, 'every site on the wall', (count) => document.querySelector('.wall .chip').textContent.includes(count), `${SITES + 1}`);
  await until(chair, 'stills', () => [...document.querySelectorAll('.wall img')].filter((one) => one.naturalWidth > 0).length > 30);
  assert.equal(await chair.evaluate(() => document.querySelectorAll('.wall .grid .tile').length), 40, 'a page holds forty tiles');
}

/** Every 200 ms a hand goes up or down, every second a line is lost and comes back as somebody else. */
async function stir() {
  for (let turn = 0; turn < 50; turn++) {
    const bot = bots.all[(turn * 7) % bots.all.length];
    bot.step({ name: turn % 2 ? 'lower_hand' : 'raise_hand' });
    if (turn % 5 === 0) bots.all[(turn * 11) % bots.all.length].drop();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function measure(milliseconds, meanwhile) {
  const before = await chair.worked();
  const tasks = chair.evaluate(async (span) => {
    const found = [];
    const observer = new PerformanceObserver((list) => found.push(...list.getEntries().map((one) => one.duration)));
    observer.observe({ type: 'longtask' });
    await new Promise((resolve) => setTimeout(resolve, span));
    observer.disconnect();
    return found;
  }, milliseconds);
  const [found] = await Promise.all([tasks, meanwhile()]);
  const after = await chair.worked();
  const each = (name) => ((after[name] - before[name]) * 1000) / (after.Timestamp - before.Timestamp);
  return {
    main: each('TaskDuration'),
    script: each('ScriptDuration'),
    layout: each('LayoutDuration'),
    style: each('RecalcStyleDuration'),
    tasks: found,
  };
}

function print(what, { main, script, layout, style, tasks }) {
  const whole = (value) => `${value.toFixed(1)} ms`;
  console.log(
    `the wall of ${SITES}, slowed down ${SLOWED} times, ${what}: ${whole(main)} of main thread a second ` +
      `(script ${whole(script)}, style ${whole(style)}, layout ${whole(layout)}), ` +
      `${tasks.length} long tasks, the longest ${whole(Math.max(0, ...tasks))}`,
  );
}

async function look() {
  const first = await chair.evaluate(() => document.querySelector('.wall .grid .tile').textContent);
  await chair.click('Trang sau', '.wall');
  await until(chair, 'the next page', (before) => document.querySelector('.wall .grid .tile').textContent !== before, first);
  await chair.evaluate(() => document.querySelector('.wall .grid .tile button').click());
  await chair.wait('dialog[open] dialog[open] dl, .wall dialog[open]');
  await until(chair, 'what to do', () => /Nên làm gì/.test(document.querySelector('.wall dialog[open]')?.textContent ?? ''));
  await show(chair, given.pictures, 'card');
  await chair.press('Escape');
  await show(chair, given.pictures, 'wall');
}
