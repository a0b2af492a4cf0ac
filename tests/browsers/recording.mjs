// A meeting is recorded: two people whose pictures flash and whose voices beep at every full second, one after the other on the
// stage, a shared screen and a pause. The file is judged by ffmpeg, by both browsers, and by the record; then the program is
// killed in the middle of a second recording, and what was kept until then plays.
//
// TESTED_PROGRAMS names the folder of the program. RECORDING_SECONDS: how long the first recording is (30).
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openChromium, openFirefox } from './browser.mjs';
import { DESK, enterRoom, logIn, show, until } from './look.mjs';
import { begin, freePort } from './stage.mjs';

const { pictures } = JSON.parse(process.argv[2] || '{}');
const length = Number(process.env.RECORDING_SECONDS ?? 30);
const folder = await mkdtemp(join(tmpdir(), 'hoian-recording-'));
const address = `127.0.0.1:${await freePort()}`;
let hoian = await begin(folder, address);
const chair = await openChromium(DESK);
await chair.before(FLASHES);
const guest = await chair.another();
await guest.before(FLASHES);
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
    const items = [
      { title: 'Báo cáo cải cách hành chính', minutes: 10 },
      { title: 'Thảo luận', minutes: 20 },
    ];
    const body = JSON.stringify({ title: 'Giao ban công tác tuần 48', members: [], items });
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/v1/meetings', { method: 'POST', headers, body })).json();
  });
  const link = `${hoian.url}/hop/${meeting.link_code}`;
  await enterRoom(chair, link, null);
  await enterRoom(guest, link, 'Xã Tân Thủy');
  for (const browser of [chair, guest]) {
    await speak(browser);
    await until(browser, 'picture and sound of the other', async () => {
      const { frames, energy } = await received();
      return frames > 10 && energy > 0;
    });
  }
  await record(meeting);
  await judge(meeting);
  await kill(meeting, link);
}

/** Both take turns on the stage, a screen is shared, and between there is a pause that nobody sees later. */
async function record(meeting) {
  await start(chair);
  await until(guest, 'everybody is told', () => document.querySelector('.sign')?.textContent.includes('Đang ghi'));
  await until(guest, 'and of what', () => document.body.textContent.includes('Ở lại phòng là đồng ý được ghi'));
  await shoot(guest, 'recorded');
  const part = (share) => wait(length * 1000 * share);
  await chair.click('Sang mục 1');
  await part(0.2);
  await toggleMicrophone(chair);
  await part(0.2);
  await toggleMicrophone(chair);
  await toggleMicrophone(guest);
  await chair.click('Chia sẻ');
  await part(0.2);
  await chair.click('Dừng chia sẻ');
  await chair.click('Sang mục 2');
  await steer(chair, 'Tạm dừng ghi');
  await until(guest, 'the pause is told', () => document.querySelector('.sign')?.textContent.includes('Tạm dừng'));
  await shoot(chair, 'paused');
  await wait(4_000);
  await steer(chair, 'Ghi tiếp');
  await until(guest, 'it goes on', () => document.querySelector('.sign')?.textContent.includes('Đang ghi'));
  await part(0.4);
  await stop(chair);
  await until(guest, 'the end is told', () => document.querySelector('.sign') === null);
  await until(
    chair,
    'it is stored',
    async (id) => (await (await fetch(`/api/v1/meetings/${id}/recordings`)).json())[0]?.is_whole,
    meeting.id,
  );
}

async function judge(meeting) {
  const [one] = await chair.evaluate(
    async (id) => (await fetch(`/api/v1/meetings/${id}/recordings`)).json(),
    meeting.id,
  );
  assert.equal(one.stop, 'stopped', JSON.stringify(one));
  const recorded = one.duration_ms / 1000;
  console.log(`recorded ${recorded.toFixed(1)} s, ${(one.size_bytes / 1e6).toFixed(2)} MB`);
  assert.ok(recorded > length * 0.9 && recorded < length + 12, `${recorded} s without the pause`);
  const file = await take(meeting, 1);
  await decodes(file, recorded, ['1. Báo cáo cải cách hành chính', '2. Thảo luận']);
  await staysTogether(file);
  await isOfTheRecord(meeting, file, 1);
  await plays(await openChromium(DESK), file, recorded);
  await plays(await openFirefox(DESK), file, recorded);
  await parts(meeting);
}

/** Half a second after a key frame, in the middle of a picture: what was kept until then is there. */
async function kill(meeting, link) {
  await start(chair);
  await until(guest, 'a second recording', () => document.querySelector('.sign') !== null);
  const began = Date.now();
  await wait(8_300);
  const ran = Date.now() - began;
  await hoian.end('SIGKILL');
  hoian = await begin(folder, address);
  const found = await chair.evaluate(
    async (id) => (await fetch(`/api/v1/meetings/${id}/recordings`)).json(),
    meeting.id,
  );
  const two = found[1];
  assert.deepEqual([two.is_whole, two.stop], [true, 'interrupted'], JSON.stringify(two));
  const lost = ran - two.duration_ms;
  console.log(`killed after ${ran} ms: ${two.duration_ms} ms are kept, ${lost} ms lost`);
  assert.ok(lost < 2_000, `${lost} ms are lost`);
  const file = await take(meeting, 2);
  await decodes(file, two.duration_ms / 1000, ['2. Thảo luận']);
  await isOfTheRecord(meeting, file, 2);
  await chair.go(`${hoian.url}/hop/${meeting.id}/chuan-bi`);
  await until(chair, 'both recordings', () => document.querySelectorAll('[aria-labelledby=recordings] .rows > li').length === 2);
  await chair.click('Xem Bản ghi 1');
  await until(chair, 'it plays in the page', () => document.querySelector('section video')?.currentTime > 1);
  await chair.click('2. Thảo luận');
  await until(chair, 'and from the second item', () => document.querySelector('section video').currentTime > 5);
  await chair.evaluate(() => document.querySelector('section video').scrollIntoView({ block: 'center' }));
  await shoot(chair, 'played');
}

/** ffmpeg reads every picture and every sound without a word; each keeps the time that the file gives it. */
async function decodes(file, seconds, items = []) {
  const asIs = ['-fps_mode', 'passthrough', '-enc_time_base', '-1'];
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-i', file, ...asIs, '-f', 'null', '-']);
  assert.equal(stderr.trim(), '', 'ffmpeg has nothing to say');
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_format', '-show_streams', '-show_chapters', '-of', 'json', file]);
  const { format, streams, chapters } = JSON.parse(stdout);
  assert.deepEqual(streams.map((one) => one.codec_name).sort(), ['opus', 'vp8']);
  assert.ok(Math.abs(Number(format.duration) - seconds) < 0.1, `${format.duration} s, ${seconds} s`);
  assert.deepEqual(
    chapters.map((one) => one.tags.title),
    items,
  );
  console.log(`ffprobe: ${format.duration} s, ${streams.map((one) => one.codec_name)}, ${chapters.length} chapters`);
}

/** Flashes and beeps of one second are at one time: within 80 ms. */
async function staysTogether(file) {
  const gray = ['-map', '0:v', '-vf', 'scale=1:1:flags=area,format=gray', '-fps_mode', 'cfr', '-r', '100', '-f', 'rawvideo', '-'];
  const pictures = await bytes('ffmpeg', ['-v', 'error', '-i', file, ...gray]);
  const sound = await bytes('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a', '-ac', '1', '-ar', '48000', '-f', 's16le', '-']);
  const loud = [];
  for (let at = 0; at + 960 <= sound.length; at += 960) {
    let sum = 0;
    for (let place = at; place < at + 960; place += 2) sum += sound.readInt16LE(place) ** 2;
    loud.push(Math.sqrt(sum / 480));
  }
  // Each a list of values for every 10 ms.
  const flashes = begins([...pictures], 150);
  const beeps = begins(loud, 800);
  const apart = flashes.map((flash) => beeps.map((beep) => beep - flash).sort((a, b) => Math.abs(a) - Math.abs(b))[0]);
  // Where somebody has just closed a microphone there is a flash alone.
  const pairs = apart.filter((one) => Math.abs(one) < 20).map((one) => one * 10);
  console.log(`${flashes.length} flashes, ${beeps.length} beeps; apart by ms: ${pairs.join(' ')}`);
  assert.ok(pairs.length >= length * 0.5, 'enough to judge by');
  assert.ok(pairs.every((one) => Math.abs(one) <= 80), 'sound and picture within 80 ms');
}

/** Where a value rises over `most` for about as long as a flash is, after a third of a second below: no bright screen, nor what it sounds like. */
function begins(values, most) {
  const found = [];
  let [quiet, since] = [0, null];
  values.forEach((value, at) => {
    if (value > most) {
      if (since === null && quiet > 33) since = at;
      quiet = 0;
      return;
    }
    quiet += 1;
    if (since !== null && quiet > 3) {
      const lasted = at - quiet + 1 - since;
      if (lasted >= 9 && lasted < 30) found.push(since);
      since = null;
    }
  });
  return found;
}

/** The program compares file and record anywhere; a byte that was changed is named. */
async function isOfTheRecord(meeting, file, number) {
  const record = join(folder, 'record.jsonl');
  const text = await chair.evaluate(async (id) => (await fetch(`/api/v1/meetings/${id}/record`)).text(), meeting.id);
  await writeFile(record, text);
  const doctor = (of) =>
    run(join(process.env.TESTED_PROGRAMS, 'hoian'), ['doctor', 'recording', of, '--record', record, '--number', String(number)]);
  const said = await doctor(file);
  console.log(said.stdout.trim());
  assert.match(said.stdout, new RegExp(`recording ${number} of the record`));
  const whole = await readFile(file);
  whole[Math.floor(whole.length / 2)] ^= 1;
  const changed = `${file}.changed`;
  await writeFile(changed, whole);
  await assert.rejects(doctor(changed), (error) => {
    assert.match(error.stdout, /^the segment at \d+:\d\d\.\d{3} was CHANGED\n$/);
    return true;
  });
}

/** Plays to a place in the middle and goes back, from a server that knows `Range`. */
async function plays(browser, file, seconds) {
  const server = createServer((request, response) => serve(request, response, file));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  try {
    await browser.go(`http://127.0.0.1:${server.address().port}/`);
    const found = await browser.evaluate(async () => {
      const video = document.createElement('video');
      video.muted = true;
      video.src = '/file.webm';
      document.body.append(video);
      const once = (name) =>
        new Promise((done, fail) => {
          video.addEventListener(name, done, { once: true });
          video.addEventListener('error', () => fail(new Error(video.error.message)), { once: true });
        });
      await once('loadedmetadata');
      await video.play();
      await new Promise((done) => setTimeout(done, 2_000));
      const first = video.currentTime;
      video.currentTime = video.duration * 0.6;
      await once('seeked');
      await new Promise((done) => setTimeout(done, 1_500));
      const second = video.currentTime;
      video.currentTime = 1;
      await once('seeked');
      const quality = video.getVideoPlaybackQuality();
      return { duration: video.duration, first, second, third: video.currentTime, width: video.videoWidth, frames: quality.totalVideoFrames };
    });
    console.log(`${browser.name} plays: ${JSON.stringify(found)}`);
    assert.ok(Math.abs(found.duration - seconds) < 0.2, 'it knows how long it is');
    assert.ok(found.first > 0.8 && found.width >= 320 && found.frames > 20, 'it plays');
    assert.ok(found.second > seconds * 0.6 + 0.5 && Math.abs(found.third - 1) < 0.6, 'it is entered anywhere');
  } finally {
    await browser.close();
    server.close();
  }
}

/** Any part of the file is the same bytes as of the whole. */
async function parts(meeting) {
  const found = await chair.evaluate(async (id) => {
    const path = `/api/v1/meetings/${id}/recordings/1`;
    const whole = new Uint8Array(await (await fetch(path)).arrayBuffer());
    const [from, to] = [Math.floor(whole.length / 3), Math.floor(whole.length / 2)];
    const answer = await fetch(path, { headers: { range: `bytes=${from}-${to}` } });
    const part = new Uint8Array(await answer.arrayBuffer());
    const beyond = await fetch(path, { headers: { range: `bytes=${whole.length}-` } });
    return {
      status: answer.status,
      is: part.length === to - from + 1 && part.every((byte, at) => byte === whole[from + at]),
      range: answer.headers.get('content-range') === `bytes ${from}-${to}/${whole.length}`,
      beyond: beyond.status,
    };
  }, meeting.id);
  assert.deepEqual(found, { status: 206, is: true, range: true, beyond: 416 });
}

/** The file, part by part. */
async function take(meeting, number) {
  const parts = [];
  for (;;) {
    const from = parts.reduce((sum, part) => sum + part.length, 0);
    const [text, length] = await chair.evaluate(
      async ([id, which, from]) => {
        const headers = { range: `bytes=${from}-${from + 4_000_000}` };
        const answer = await fetch(`/api/v1/meetings/${id}/recordings/${which}?download=true`, { headers });
        if (answer.status !== 206) throw new Error(`${answer.status}`);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        let text = '';
        for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
        return [btoa(text), Number(answer.headers.get('content-range').split('/')[1])];
      },
      [meeting.id, number, from],
    );
    parts.push(Buffer.from(text, 'base64'));
    if (from + parts.at(-1).length === length) break;
  }
  const file = join(folder, `${number}.webm`);
  await writeFile(file, Buffer.concat(parts));
  return file;
}

async function start(browser) {
  await steer(browser, 'Bắt đầu ghi');
  await until(browser, 'it is asked again', () => document.querySelector('dialog[open]').textContent.includes('không ai xóa được'));
  await shoot(browser, 'asked');
  await browser.click('Bắt đầu ghi', 'dialog[open]');
  await until(browser, 'the sign', () => document.querySelector('.sign') !== null);
}

async function stop(browser) {
  await steer(browser, 'Kết thúc ghi');
  await until(browser, 'it is asked again', () => document.querySelector('dialog[open]').textContent.includes('Kết thúc ghi hình?'));
  await browser.click('Kết thúc ghi', 'dialog[open]');
}

async function steer(browser, name) {
  await browser.click('Thêm', '.controls');
  await browser.wait('dialog[open]');
  await browser.click(name, 'dialog[open]');
}

/** Microphone and camera open. */
function speak(browser) {
  return until(browser, 'an open microphone and camera', () => {
    const closed = ['M', 'V'].filter((key) => pressed(key) !== 'true');
    closed.forEach((key) => document.querySelector(`[aria-keyshortcuts=${key}]`).click());
    return closed.length === 0;
  });
}

function toggleMicrophone(browser) {
  return browser.evaluate(() => document.querySelector('[aria-keyshortcuts=M]').click());
}

/** Runs in each page before its own words: camera and microphone that flash and beep at every full second of the clock. */
function FLASHES() {
  if (!navigator.mediaDevices) return;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let made;
  function make() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    setInterval(() => {
      const ms = Date.now() % 1000;
      context.fillStyle = ms < 150 ? '#fff' : '#123';
      context.fillRect(0, 0, 640, 360);
      context.fillStyle = '#456';
      context.fillRect(ms * 0.6, 300, 40, 40);
    }, 20);
    const audio = new AudioContext({ sampleRate: 48_000 });
    const [tone, gain, out] = [audio.createOscillator(), audio.createGain(), audio.createMediaStreamDestination()];
    tone.frequency.value = 1_000;
    gain.gain.value = 0;
    tone.connect(gain).connect(out);
    tone.start();
    setInterval(() => {
      const at = audio.currentTime + (1000 - (Date.now() % 1000)) / 1000;
      gain.gain.setValueAtTime(0.3, at);
      gain.gain.setValueAtTime(0, at + 0.15);
    }, 1_000);
    return { video: canvas.captureStream(30), audio: out.stream };
  }
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const devices = await real(wanted);
    made ??= make();
    const tracks = devices.getTracks().map((track) => {
      track.stop();
      return made[track.kind].getTracks()[0].clone();
    });
    return new MediaStream(tracks);
  };
}

/** At both sizes, judged by axe. */
async function shoot(browser, name) {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await show(browser, pictures, name);
}

function serve(request, response, file) {
  if (!request.url.endsWith('.webm')) return response.writeHead(200, { 'content-type': 'text/html' }).end('<body>');
  stat(file).then(({ size }) => {
    const [, from = '0', to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const [start, end] = [Number(from), to ? Number(to) : size - 1];
    const range = request.headers.range && { 'content-range': `bytes ${start}-${end}/${size}` };
    response.writeHead(range ? 206 : 200, { 'content-type': 'video/webm', 'accept-ranges': 'bytes', 'content-length': end - start + 1, ...range });
    createReadStream(file, { start, end }).on('error', () => response.destroy()).pipe(response);
  });
}

function run(program, args) {
  return promisify(execFile)(program, args, { maxBuffer: 1 << 28 });
}

function bytes(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts = [];
  child.stdout.on('data', (part) => parts.push(part));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done(Buffer.concat(parts)) : fail(new Error(`${program}: ${code}`))));
  });
}

function wait(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
