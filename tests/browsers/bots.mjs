// Light participants: they join by a link, ping, and send nothing; what a hall of many sites costs the pages of others.
import WebSocket from 'ws';
import { blind, finalize, fromHex, prepare, random, toHex } from './blind.mjs';

/** Joins `count` of them, each with a name; resolves when all are welcomed. */
export async function join(origin, meeting, code, count) {
  const all = [];
  // Ten at a time, as sites come in over some minutes.
  for (let first = 0; first < count; first += 10) {
    const some = Array.from({ length: Math.min(10, count - first) }, (_, index) => bot(origin, meeting, code, first + index));
    all.push(...(await Promise.all(some)));
  }
  return { all, leave: () => all.forEach((one) => one.leave()) };
}

function bot(origin, meeting, code, number) {
  const name = `Xã Bản Mây ${number + 1}`;
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/api/v1/meetings/${meeting}/socket?link=${code}`, { origin });
  const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));
  const pinger = setInterval(() => say({ type: 'ping', id: number }), 15_000);
  const waiting = [];
  /** The next message of which `wanted` says so. */
  const hear = (wanted) => new Promise((resolve) => waiting.push({ wanted, resolve }));
  socket.on('close', () => clearInterval(pinger));
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    socket.on('open', () => say({ type: 'join', version: 1, name, place: null, keep: false }));
    socket.on('close', (closed) => reject(new Error(`${name} was closed with ${closed}`)));
    socket.on('message', (text) => {
      const message = JSON.parse(text);
      for (const one of waiting.filter(({ wanted }) => wanted(message))) {
        waiting.splice(waiting.indexOf(one), 1);
        one.resolve(message);
      }
      if (message.type !== 'welcome') return;
      const seat = message.id;
      const step = (step) => say({ type: 'step', step });
      const secretly = (choice) => castSecretly({ origin, meeting, seat, step, hear }, choice);
      resolve({ seat, say, step, secretly, drop: () => socket.terminate(), leave: () => say({ type: 'leave' }) });
    });
  });
}

/** Waits for a secret vote to be opened, asks for a token, takes the blinding off, and casts `choice` with it. */
async function castSecretly({ origin, meeting, seat, step, hear }, choice) {
  const { vote } = await hear((message) => message.type === 'vote' && message.vote.key && !message.vote.end);
  const key = { n: BigInt(`0x${vote.key.n}`), e: BigInt(`0x${vote.key.e}`) };
  const prepared = prepare(random(32));
  const blinding = await blind(key, prepared);
  const given = hear((message) => message.type === 'token' && message.vote === vote.id && message.voter === seat);
  step({ name: 'ask_token', vote: vote.id, voter: seat, blinded: toHex(blinding.blinded) });
  const signature = toHex(finalize(key, blinding, fromHex((await given).signed)));
  const answer = await fetch(`${origin}/api/v1/ballots`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ meeting_id: meeting, vote: vote.id, token: toHex(prepared), signature, choice }),
  });
  if (answer.status !== 204) throw new Error(`a ballot was answered ${answer.status}: ${await answer.text()}`);
}
