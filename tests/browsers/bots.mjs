// Light participants: they join by a link, ping, and send nothing; what a hall of many sites costs the pages of others.
import WebSocket from 'ws';

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
  socket.on('close', () => clearInterval(pinger));
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    socket.on('open', () => say({ type: 'join', version: 1, name, place: null, keep: false }));
    socket.on('close', (closed) => reject(new Error(`${name} was closed with ${closed}`)));
    socket.on('message', (text) => {
      const message = JSON.parse(text);
      if (message.type !== 'welcome') return;
      resolve({ seat: message.id, say, step: (step) => say({ type: 'step', step }), drop: () => socket.terminate(), leave: () => say({ type: 'leave' }) });
    });
  });
}
