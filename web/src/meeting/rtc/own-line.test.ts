import { describe, expect, it } from 'vitest';
import { between, totals } from './own-line';

const inbound = (fields: object) => ({ type: 'inbound-rtp', ...fields });

describe('the own line', () => {
  const first = totals(
    [
      inbound({
        packetsLost: 2,
        packetsReceived: 100,
        bytesReceived: 1_000,
        totalSamplesReceived: 48_000,
        jitter: 0.004,
      }),
      { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.025, localCandidateId: 'c' },
      { id: 'c', type: 'local-candidate', protocol: 'udp' },
    ],
    [{ type: 'outbound-rtp', bytesSent: 500 }],
    1_000,
  );

  it('is what came between two looks', () => {
    const second = totals(
      [
        inbound({
          packetsLost: 12,
          packetsReceived: 190,
          bytesReceived: 126_000,
          totalSamplesReceived: 96_000,
          concealedSamples: 980,
          silentConcealedSamples: 500,
        }),
        inbound({ freezeCount: 3 }),
        { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.03, localCandidateId: 'c' },
        { id: 'c', type: 'local-candidate', protocol: 'tcp' },
      ],
      [{ type: 'outbound-rtp', bytesSent: 63_000 }],
      2_000,
    );
    expect(between(first, second)).toEqual({
      lost_permille: 100,
      concealed_permille: 10,
      round_trip_ms: 30,
      jitter_ms: 0,
      freezes: 3,
      down_kbps: 1_000,
      up_kbps: 500,
      way: 'tcp',
    });
  });

  it.each([
    [{ protocol: 'udp' }, 'udp'],
    [{ candidateType: 'prflx', protocol: 'tcp' }, 'tcp'],
    [{ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' }, 'turn_tls'],
    [{ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tcp' }, 'turn_tcp'],
  ])('names the way of %j', (candidate, way) => {
    const pair = { type: 'candidate-pair', nominated: true, localCandidateId: 'c' };
    expect(totals([pair, { id: 'c', type: 'local-candidate', ...candidate }], [], 0).way).toBe(way);
  });

  it('stays within its limits over a new connection and in a browser that tells nothing', () => {
    const anew = totals([inbound({ packetsLost: -1, packetsReceived: 0, jitter: Infinity })], [], 1_000);
    const line = between(first, anew);
    expect(
      Object.values<unknown>(line as unknown as Record<string, unknown>).every(
        (value) => typeof value === 'string' || (Number.isInteger(value) && (value as number) >= 0),
      ),
    ).toBe(true);
    expect(line.lost_permille).toBe(0);
  });
});
