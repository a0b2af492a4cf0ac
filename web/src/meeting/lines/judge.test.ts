import { describe, expect, it } from 'vitest';
import { judge, worstFirst } from './judge';
import { line } from './line.fixture';

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
