import { connect, pause, publish, settled } from './attempt';
import { only } from './description';
import type { Line, Way } from './findings';
import { noise, tone } from './noise';
import type { Measured } from './protocol';
import type { Talk } from './talk';

/** The first seconds are the browsers' and the server's to find out how much they may send. */
const SECONDS = 8;
const SETTLING = 3;
/** What a camera at 720p takes. */
const MOST_BPS = 2_000_000;
/** Within this many seconds a browser that begins carefully raises what it sends by a quarter, where nothing is in the way. */
const GROWTH_SECONDS = 3;
const GROWTH = 1.12;
const PATIENCE_MS = 10_000;

/** Measures over one way: a picture that cannot be made small is sent and comes back. `null` where no connection stands. */
export async function measure(
  way: Way,
  talk: Talk,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<Line | null> {
  const [picture, sound] = [noise(), tone()];
  const sends = connect(way, talk.sendsThrough);
  const receives = connect(way, talk.receivesThrough);
  const told: Measured[] = [];
  talk.measured = (measured) => told.push(measured);
  try {
    sends.addTransceiver(picture.track, {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: MOST_BPS }],
    });
    sends.addTransceiver(sound.track, { direction: 'sendonly' });
    const answer = await publish(sends, talk, ['camera', 'microphone']);
    await sends.setRemoteDescription({ type: 'answer', sdp: only(answer, way) });
    const offer = await talk.ask({ type: 'listen' }, 'subscribe_offer');
    await receives.setRemoteDescription({ type: 'offer', sdp: only(offer.sdp, way) });
    await receives.setLocalDescription();
    talk.tell({ type: 'subscribe_answer', sdp: receives.localDescription!.sdp });
    const stand = await Promise.all([settled(sends, PATIENCE_MS, signal), settled(receives, PATIENCE_MS, signal)]);
    if (stand.includes(false)) return null;
    const looks: Look[] = [await look(sends, receives)];
    for (let second = 1; second <= SECONDS; second++) {
      await pause(1_000, signal);
      looks.push(await look(sends, receives));
      progress(second / SECONDS);
    }
    return sum(way, looks, told);
  } finally {
    talk.measured = () => undefined;
    picture.close();
    sound.close();
    sends.close();
    receives.close();
  }
}

/** What the statistics say at one moment; what only grows counts from the beginning. */
export interface Look {
  at: number;
  down: number;
  /** Of sound, which the server never holds back, and whose packets leave evenly. */
  lost: number;
  packets: number;
  jitterMs: number | null;
  roundTripMs: number;
  isSlowComputer: boolean;
}

/** The line from what was seen each second and what the server told each half second. */
export function sum(way: Way, looks: Look[], told: Measured[]): Line {
  const late = looks.slice(SETTLING);
  const [first, last] = [late[0]!, late.at(-1)!];
  const rates = late.slice(1).map((one, index) => {
    const before = late[index]!;
    return ((one.down - before.down) * 8) / Math.max(one.at - before.at, 1);
  });
  const heard = told.slice(2 * SETTLING);
  const most = (values: number[]) => Math.round(Math.max(0, ...values));
  const middle = (values: number[]) => Math.round(values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0);
  const jitter = late.flatMap((one) => one.jitterMs ?? []);
  const lost = last.lost - first.lost;
  const expected = lost + last.packets - first.packets;
  return {
    way,
    up_kbps: most(heard.map((one) => one.up_kbps)),
    is_growing: grows(told),
    down_kbps: most(rates),
    up_lost_permille: middle(heard.map((one) => one.up_lost_permille)),
    down_lost_permille: expected > 0 ? Math.round((Math.max(lost, 0) * 1_000) / expected) : 0,
    round_trip_ms: middle(late.map((one) => one.roundTripMs)),
    jitter_ms: jitter.length > 0 ? middle(jitter) : null,
    is_slow_computer: late.some((one) => one.isSlowComputer),
  };
}

/** Whether what is sent still rises as it does while a browser finds out: then the line carries more than was measured. */
function grows(told: Measured[]): boolean {
  const [now, before] = [told.at(-1), told.at(-1 - 2 * GROWTH_SECONDS)];
  return now !== undefined && before !== undefined && now.up_kbps > before.up_kbps * GROWTH;
}

type Entry = Record<string, unknown> & { type: string };

async function look(sends: RTCPeerConnection, receives: RTCPeerConnection): Promise<Look> {
  const found: Look = {
    at: performance.now(),
    down: 0,
    lost: 0,
    packets: 0,
    jitterMs: null,
    roundTripMs: 0,
    isSlowComputer: false,
  };
  const [out, back] = await Promise.all([sends.getStats(), receives.getStats()]);
  for (const entry of [...out.values(), ...back.values()] as Entry[]) {
    if (entry.type === 'inbound-rtp') {
      found.down += number(entry.bytesReceived);
      if (entry.kind !== 'audio' || number(entry.packetsReceived) === 0) continue;
      found.lost += number(entry.packetsLost);
      found.packets += number(entry.packetsReceived);
      found.jitterMs = number(entry.jitter) * 1_000;
    } else if (entry.type === 'candidate-pair' && entry.nominated) {
      found.roundTripMs = Math.max(found.roundTripMs, number(entry.currentRoundTripTime) * 1_000);
    } else if (entry.type === 'outbound-rtp' && entry.qualityLimitationReason === 'cpu') {
      found.isSlowComputer = true;
    }
  }
  return found;
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
