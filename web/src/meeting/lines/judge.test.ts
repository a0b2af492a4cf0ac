import { describe, expect, it } from 'vitest';
import type { LineNow } from '../meetings';
import { judge, worstFirst } from './judge';

const line = (fields: Partial<LineNow>): LineNow => ({
  seat: 's',
  name: 'An Phú',
  way: 'udp',
  address: null,
  round_trip_ms: 20,
  up_lost_permille: 0,
  up_jitter_ms: null,
  up_kbps: null,
  down_lost_permille: 0,
  down_jitter_ms: null,
  down_kbps: null,
  concealed_permille: 0,
  freezes: null,
  sends: [],
  layer: null,
  wanted_layer: null,
  dropped: [],
  ...fields,
});

describe('the light of a line', () => {
  it.each([
    [{}, 'ready'],
    [{ concealed_permille: 20 }, 'weak'],
    [{ up_lost_permille: 30 }, 'weak'],
    [{ round_trip_ms: 400 }, 'weak'],
    [{ concealed_permille: 50 }, 'lost'],
    [{ down_lost_permille: 200 }, 'lost'],
    [{ way: null, round_trip_ms: null }, 'out'],
  ] as const)('%o is %s', (fields, light) => expect(judge(line(fields))).toBe(light));

  it('puts the worst first and keeps the others by name', () => {
    const order = worstFirst([
      line({ name: 'Đà Bắc' }),
      line({ name: 'An Phú' }),
      line({ name: 'Tân Thủy', concealed_permille: 90 }),
    ]);
    expect(order.map((one) => one.name)).toEqual(['Tân Thủy', 'An Phú', 'Đà Bắc']);
  });
});
