// A camera and a monitor of a meeting: the chair gives each a link in the pages, Debian's WHIP client publishes over the one, and
// plain pages of another origin in Chromium and Firefox watch over the other (WHEP).
//
//   node devices.mjs '{"origin", "user_name", "password", "one_time_code", "pictures"}'
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChromium, openFirefox } from './browser.mjs';
import { ask, DESK, enterRoom, hearsAndSees, judge, logIn, show, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const pictures = given.pictures ?? '/tmp/hoian-devices';
mkdirSync(pictures, { recursive: true });

const begun = Date.now();
const done = (step) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${step}`);

const chromium = await openChromium(DESK);
const firefox = await openFirefox(DESK);
// A page with nothing in it, of another origin than the house's.
const elsewhere = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>Màn hình</title>'));
elsewhere.listen(0, '127.0.0.1');
await once(elsewhere, 'listening');
// The client does not begin with the library that is installed; see there.
const libraries = mkdtempSync(join(tmpdir(), 'hoian-igd-'));
execFileSync('gcc', ['-shared', '-fPIC', '-o', join(libraries, 'libgupnp-igd-1.0.so.4'), new URL('no-igd.c', import.meta.url).pathname]);
const blank = `http://127.0.0.1:${elsewhere.address().port}/`;
const ENCODERS = {
  VP8: 'vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=96',
  H264:
    'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! video/x-h264,profile=constrained-baseline ! ' +
    'rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency',
};
let camera;
try {
  await story();
} catch (error) {
  await chromium.picture(join(pictures, 'failed-chromium.png')).catch(() => undefined);
  await firefox.picture(join(pictures, 'failed-firefox.png')).catch(() => undefined);
  if (camera) console.error(camera.said);
  console.error(error);
  process.exitCode = 1;
} finally {
  camera?.process.kill('SIGKILL');
  await Promise.allSettled([chromium.close(), firefox.close()]);
  elsewhere.close();
  rmSync(libraries, { recursive: true });
}

async function story() {
  await logIn(chromium, given, given.user_name, given.one_time_code);
  const meeting = await ask(chromium, '/meetings', { title: 'Giao ban công tác tuần 48' });
  await chromium.go(`${given.origin}/hop/${meeting.id}/thiet-bi`);
  await until(chromium, 'the empty list', () => /Chưa có thiết bị nào/.test(document.querySelector('main').textContent));
  await show(chromium, pictures, 'empty');
  const eye = await give('Camera phòng họp tầng 2', 'camera', 'added');
  const wall = await give('Màn hình hội trường', 'monitor', null);
  await until(chromium, 'both in the list', () => document.querySelectorAll('.rows li').length === 2);
  await show(chromium, pictures, 'list');
  done('a camera and a monitor have links');

  const link = `${given.origin}/hop/${meeting.link_code}`;
  await enterRoom(chromium, link, null);
  await until(chromium, 'the own tile', () => tiles() === 1);
  camera = publish(eye, 'VP8');
  await until(chromium, 'the camera among the tiles', () => tiles() === 2 && /Camera phòng họp tầng 2/.test(wordsOf()));
  await hearsAndSees(chromium);
  await show(chromium, pictures, 'room');
  done("Debian's client is seen and heard in the room");

  const viewers = [await chromium.another(), firefox];
  for (const viewer of viewers) {
    await watch(viewer, wall);
    done(`${viewer.name} watches: ${JSON.stringify(await viewer.evaluate(() => watched()))}`);
  }
  await stages(firefox);
  // Itself and the camera: a monitor has no face.
  await until(chromium, 'two tiles', () => tiles() === 2);
  await chromium.click('Mọi người');
  await until(chromium, 'the monitor in the list', () => /Màn hình hội trường/.test(document.querySelector('.people')?.textContent));
  await show(chromium, pictures, 'people');
  await hearsAndSees(chromium);

  camera.process.kill('SIGINT');
  await once(camera.process, 'exit');
  await until(chromium, 'the camera gone', () => tiles() === 1);
  done('the client ends its stream and is gone at once');

  camera = publish(eye, 'H264', ['--no-trickle']);
  await until(chromium, 'the camera again', () => tiles() === 2);
  await hearsAndSees(chromium);
  done('it comes again, with H.264');
  await withdraw(meeting);
}

/** Through the dialog; the address and the token that are shown once. */
async function give(name, purpose, picture) {
  await chromium.click('Thêm thiết bị');
  await chromium.wait('dialog[open] input.input');
  await chromium.evaluate((purpose) => document.querySelector(`dialog[open] input[value=${purpose}]`).click(), purpose);
  await chromium.fill('dialog[open] input.input', name);
  if (picture) await show(chromium, pictures, 'adding');
  await chromium.click('Lấy địa chỉ và mã', 'dialog[open]');
  await chromium.wait('dialog[open] code');
  if (picture) await show(chromium, pictures, picture);
  const [address, token] = await chromium.evaluate(() =>
    [...document.querySelectorAll('dialog[open] code')].map((one) => one.textContent),
  );
  await chromium.click('Đã chép cả hai', 'dialog[open]');
  await until(chromium, 'the dialog closed', () => document.querySelector('dialog[open]') === null);
  return { address, token };
}

/** Debian's simple-whip-client with a ball that moves and a tone; its candidates trickle, or come with the offer. */
function publish({ address, token }, codec, more = []) {
  const sound =
    'audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! opusenc ! rtpopuspay pt=100 ! queue ! ' +
    'application/x-rtp,media=audio,encoding-name=OPUS,payload=100';
  const picture =
    'videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 ! videoconvert ! queue ! ' +
    `${ENCODERS[codec]} ! queue ! application/x-rtp,media=video,encoding-name=${codec},payload=96`;
  const child = spawn('whip-client', ['-u', address, '-t', token, '-A', sound, '-V', picture, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
  const client = { process: child, said: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (client.said += text));
  return client;
}

/** A monitor: nothing but an RTCPeerConnection and fetch. */
async function watch(viewer, { address, token }) {
  await viewer.go(blank);
  const status = await viewer.evaluate(
    async ([address, token]) => {
      const connection = new RTCPeerConnection();
      for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
      const video = document.createElement('video');
      Object.assign(video, { autoplay: true, muted: false, srcObject: new MediaStream() });
      connection.ontrack = ({ track }) => video.srcObject.addTrack(track);
      document.body.append(video);
      await connection.setLocalDescription();
      const answer = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
        body: connection.localDescription.sdp,
      });
      const sdp = await answer.text();
      if (answer.status !== 201) return `${answer.status} ${sdp}`;
      await connection.setRemoteDescription({ type: 'answer', sdp });
      globalThis.stream = { location: answer.headers.get('location'), tag: answer.headers.get('etag') };
      globalThis.watched = async () => {
        const stats = [...(await connection.getStats()).values()].filter((one) => one.type === 'inbound-rtp');
        const of = (kind, field) => stats.find((one) => one.kind === kind)?.[field] ?? 0;
        return {
          frames: of('video', 'framesDecoded'),
          packets: of('audio', 'packetsReceived'),
          energy: of('audio', 'totalAudioEnergy'),
        };
      };
      globalThis.pictureOf = () => video;
      return answer.status;
    },
    [address, token],
  );
  assert.equal(status, 201);
  assert.match(await viewer.evaluate(() => stream.location), /^\/api\/v1\/meetings\/[^/]+\/streams\/[0-9a-f]+$/);
  assert.match(await viewer.evaluate(() => stream.tag), /^"[0-9a-f]+"$/);
  await until(viewer, 'a picture', () => pictureOf().videoWidth > 0);
  const first = await viewer.evaluate(() => watched());
  const before = await viewer.evaluate(() => pixels());
  await until(
    viewer,
    'frames and sound decoded',
    async (first) => {
      const now = await watched();
      return now.frames > first.frames + 10 && now.packets > first.packets + 25 && now.energy > first.energy;
    },
    first,
  );
  await until(viewer, 'pixels that change', (before) => differs(pixels(), before) > 20, before);
}

/** The monitor shows whom the chair puts on the stage: the ball is grey, the chair's own picture is coloured. */
async function stages(viewer) {
  await viewer.evaluate(() => {
    /** The share of pixels that are of a colour. */
    globalThis.colour = () => {
      const data = pixels();
      let coloured = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [red, green, blue] = data.slice(at, at + 3);
        if (Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured += 1;
      }
      return coloured / (data.length / 4);
    };
  });
  const me = await chromium.evaluate(() =>
    [...document.querySelectorAll('[data-participant]')].find((tile) => /\(đồng chí\)/.test(tile.textContent)).dataset.participant,
  );
  const eye = await chromium.evaluate(() => other().dataset.participant);
  for (const [seat, name, is] of [
    [me, 'the chair on the monitor', () => colour() > 0.2],
    [eye, 'the camera on the monitor', () => colour() < 0.02],
    [me, 'the chair again', () => colour() > 0.2],
  ]) {
    await chromium.evaluate((seat) => hoianCall.step({ name: 'set_stage', stage: { what: 'picture', seat } }), seat);
    await until(viewer, name, is);
  }
  await chromium.evaluate(() => hoianCall.step({ name: 'set_stage', stage: { what: 'free' } }));
  done('the monitor follows the stage');
}

/** While the meeting runs, on the page of the devices; the camera leaves, and its token opens nothing any more. */
async function withdraw(meeting) {
  await chromium.go(`${given.origin}/hop/${meeting.id}/thiet-bi`);
  await until(chromium, 'what is connected', () => /Đang nối/.test(document.querySelector('.rows')?.textContent));
  await show(chromium, pictures, 'attached');
  const name = 'Thu hồi thiết bị Camera phòng họp tầng 2';
  await chromium.click(name);
  await chromium.wait('dialog[open]');
  await judge(chromium, 'withdraw');
  await chromium.click('Thu hồi', 'dialog[open]');
  await until(chromium, 'the monitor alone', () => document.querySelectorAll('.rows li').length === 1);
  await chromium.go(`${given.origin}/hop/${meeting.link_code}`);
  await chromium.wait('.controls');
  await until(chromium, 'nobody else', () => tiles() === 1);
  done('a link is withdrawn, and its camera is gone');
}
