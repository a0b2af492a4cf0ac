// The program is killed while two people meet, and started anew: they come back by themselves, and the roll keeps what was.
//
// TESTED_PROGRAMS names the folder of the program.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChromium } from './browser.mjs';
import { DESK, enterRoom, logIn, until } from './look.mjs';
import { begin, freePort } from './stage.mjs';

const folder = await mkdtemp(join(tmpdir(), 'hoian-restart-'));
const address = `127.0.0.1:${await freePort()}`;
let hoian = await begin(folder, address);
const chair = await openChromium(DESK);
const guest = await chair.another();
try {
  await story();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await chair.close();
  await hoian.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function story() {
  await logIn(chair, { origin: hoian.url, password: hoian.password }, 'chutich', await hoian.code('chutich'));
  const meeting = await chair.evaluate(async () => {
    const body = JSON.stringify({ title: 'Giao ban công tác tuần 48', members: [] });
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/v1/meetings', { method: 'POST', headers, body })).json();
  });
  const link = `${hoian.url}/hop/${meeting.link_code}`;
  await enterRoom(chair, link, null);
  await enterRoom(guest, link, 'Xã Tân Thủy');
  for (const browser of [chair, guest]) {
    await until(browser, 'two tiles', () => tiles() === 2);
    await until(browser, 'picture and sound of the other', async () => {
      const { frames, energy } = await received();
      return frames > 10 && energy > 0;
    });
    // A new page would not know of it, a new connection neither.
    await browser.evaluate(() => (globalThis.marked = hoianCall.subscriber));
  }
  const seat = await chair.evaluate(() => other().dataset.participant);

  await hoian.end('SIGKILL');
  for (const browser of [chair, guest])
    await until(browser, 'the lost line is told', () => document.querySelector('.line') !== null);
  hoian = await begin(folder, address);
  const begun = Date.now();
  for (const browser of [chair, guest]) {
    await until(browser, 'picture and sound over a new connection, on the same page', async () => {
      if (!globalThis.marked || hoianCall.subscriber === marked || document.querySelector('.line')) return false;
      const { frames, energy } = await received();
      return frames > 0 && energy > 0;
    });
    console.log(`back ${((Date.now() - begun) / 1000).toFixed(1)} s after the program answered`);
  }
  assert.equal(await chair.evaluate(() => other().dataset.participant), seat, 'the same seat');

  const roll = await chair.evaluate(async (id) => (await fetch(`/api/v1/meetings/${id}/roll`)).json(), meeting.id);
  for (const { name, intervals } of roll.entries.filter((entry) => entry.intervals.length > 0)) {
    const departures = intervals.map((interval) => interval.departure);
    assert.deepEqual(departures, ['interrupted', null], `${name}: ${JSON.stringify(intervals)}`);
  }
  assert.ok(roll.entries.filter((entry) => entry.intervals.length === 2).length >= 2, JSON.stringify(roll.entries));
}
