import type { OwnLine, Way } from '../protocol';

/** What is summed up from the statistics of both connections. */
export interface Totals {
  at: number;
  lost: number;
  packets: number;
  concealed: number;
  samples: number;
  freezes: number;
  down: number;
  up: number;
  roundTripMs: number;
  jitterMs: number;
  way: Way;
}

type Entry = Record<string, unknown> & { type: string };

/** Adds up one look at the statistics; what a browser does not tell is nothing. */
export function totals(subscribe: Iterable<Entry>, publish: Iterable<Entry>, at: number): Totals {
  const sum: Totals = {
    at,
    lost: 0,
    packets: 0,
    concealed: 0,
    samples: 0,
    freezes: 0,
    down: 0,
    up: 0,
    roundTripMs: 0,
    jitterMs: 0,
    way: 'udp',
  };
  const entries = [...subscribe];
  for (const entry of entries) {
    if (entry.type === 'inbound-rtp') {
      sum.lost += number(entry.packetsLost);
      sum.packets += number(entry.packetsReceived);
      // Where nothing was said nothing is missed.
      sum.concealed += number(entry.concealedSamples) - number(entry.silentConcealedSamples);
      sum.samples += number(entry.totalSamplesReceived);
      sum.freezes += number(entry.freezeCount);
      sum.down += number(entry.bytesReceived);
      sum.jitterMs = Math.max(sum.jitterMs, number(entry.jitter) * 1000);
    } else if (entry.type === 'candidate-pair' && entry.nominated) {
      sum.roundTripMs = Math.max(sum.roundTripMs, number(entry.currentRoundTripTime) * 1000);
      const local = entries.find((one) => one.id === entry.localCandidateId);
      if (local) sum.way = wayOf(local);
    }
  }
  for (const entry of publish) if (entry.type === 'outbound-rtp') sum.up += number(entry.bytesSent);
  return sum;
}

/** Through a relay the protocol is that between us and the relay. */
function wayOf(local: Entry): Way {
  if (local.candidateType === 'relay') return local.relayProtocol === 'tls' ? 'turn_tls' : 'turn_tcp';
  return local.protocol === 'tcp' ? 'tcp' : 'udp';
}

/** How the line was between two looks. A connection that began anew counts from its beginning. */
export function between(before: Totals, now: Totals): OwnLine {
  const rise = (name: 'lost' | 'packets' | 'concealed' | 'samples' | 'down' | 'up') =>
    now[name] >= before[name] ? now[name] - before[name] : Math.max(now[name], 0);
  const lost = rise('lost');
  const seconds = Math.max(now.at - before.at, 1) / 1000;
  const rate = (bytes: number) => whole((bytes * 8) / 1000 / seconds, 0xffff_ffff);
  return {
    lost_permille: share(lost, lost + rise('packets')),
    concealed_permille: rise('packets') > 0 ? share(rise('concealed'), rise('samples')) : 0,
    round_trip_ms: whole(now.roundTripMs, 0xffff),
    jitter_ms: whole(now.jitterMs, 0xffff),
    freezes: whole(now.freezes, 0xffff_ffff),
    down_kbps: rate(rise('down')),
    up_kbps: rate(rise('up')),
    way: now.way,
  };
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const whole = (value: number, most: number): number => Math.min(Math.max(Math.round(value), 0), most);
const share = (part: number, of: number): number => (of > 0 ? whole((part * 1000) / of, 1000) : 0);
