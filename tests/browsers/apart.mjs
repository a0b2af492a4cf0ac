// Chromium and Firefox meet where a firewall lets nothing through that it does not take for HTTPS: pages, sockets, sound and
// picture share one port, and media come by the relay.
//
//   node apart.mjs '{"origin", "user_name", "password", "one_time_code", "trust", "metrics_token"}'
import assert from 'node:assert/strict';
import { openChromium, openFirefox } from './browser.mjs';
import { ask, DESK, enterRoom, logIn, until } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const chromium = await openChromium(DESK, given.trust);
const firefox = await openFirefox(DESK, given.trust);
try {
  await logIn(chromium, given, given.user_name, given.one_time_code);
  const link = await call();
  await enterRoom(chromium, link);
  await enterRoom(firefox, link, 'Xã Tân Thủy');
  for (const browser of [chromium, firefox]) await hearsAndSees(browser);
  for (const browser of [chromium, firefox]) assert.deepEqual(await browser.evaluate(ways), ['tls', 'tls'], browser.name);
  const told = await chromium.evaluate(metrics, given.metrics_token);
  assert.equal(told.match(/way_in\{.*way="turn_tls"\} 1/g)?.length, 2, told);
  await watchesAsMonitor(link);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await Promise.allSettled([chromium.close(), firefox.close()]);
}

async function call() {
  await chromium.go(`${given.origin}/hop`);
  await chromium.wait('main h1');
  await chromium.click('Tạo cuộc họp');
  await chromium.fill('dialog input[maxlength="200"]', 'Họp qua một cổng');
  await chromium.evaluate(() => document.querySelector('#create-meeting').requestSubmit());
  await chromium.wait('dialog .link a');
  return chromium.evaluate(() => document.querySelector('dialog .link a').href);
}

async function hearsAndSees(browser) {
  await until(browser, 'picture and sound of the other', async () => {
    const { frames, energy } = await received();
    return pictureOf() !== null && frames > 10 && energy > 0;
  });
}

/** A monitor finds the relay in the `Link` headers, and is sent the stage through it. */
async function watchesAsMonitor(link) {
  const { id } = await ask(chromium, `/meetings/by-link/${link.split('/').pop()}`);
  const device = await ask(chromium, `/meetings/${id}/devices`, { name: 'Màn hình', purpose: 'monitor' });
  const monitor = await chromium.another();
  await monitor.go(`${given.origin}/dang-nhap`);
  await monitor.evaluate(async ({ path, token }) => {
    const authorization = `Bearer ${token}`;
    const told = await fetch(path, { method: 'OPTIONS', headers: { authorization } });
    const [, urls, username, credential] = told.headers
      .get('link')
      .match(/<([^>]+)>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"; credential-type="password"/);
    const connection = new RTCPeerConnection({ iceServers: [{ urls, username, credential }] });
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
    await connection.setLocalDescription();
    const headers = { authorization, 'content-type': 'application/sdp' };
    const answer = await fetch(path, { method: 'POST', headers, body: connection.localDescription.sdp });
    if (answer.status !== 201) throw new Error(await answer.text());
    if (!answer.headers.get('link').includes(urls)) throw new Error('the answer names no relay');
    await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    globalThis.report = async () => [...(await connection.getStats()).values()];
  }, device);
  await until(monitor, 'the stage through the relay', async () => {
    const all = await report();
    const of = (kind) => all.find((one) => one.type === 'inbound-rtp' && one.kind === kind);
    return of('video')?.framesDecoded > 10 && of('audio')?.packetsReceived > 25;
  });
  const protocol = await monitor.evaluate(async () => {
    const all = await report();
    const pair = all.find((one) => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
    return all.find((one) => one.id === pair?.localCandidateId)?.relayProtocol;
  });
  assert.equal(protocol, 'tls');
}

/** By which protocol each connection reaches the relay. */
async function ways() {
  const { publish, subscribe } = await hoianCall.stats();
  return [publish, subscribe].map((report) => {
    const entries = [...report.values()];
    const pair = entries.find((one) => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
    return entries.find((one) => one.id === pair?.localCandidateId)?.relayProtocol;
  });
}

async function metrics(token) {
  const answer = await fetch('/metrics', { headers: { authorization: `Bearer ${token}` } });
  return answer.text();
}
