import { expect, it } from 'vitest';
import vi from '../vi.json';
import { ADVICES, advise } from './advice';
import { line } from './line.fixture';

it.each([
  ['ready', line({}), false, ['good']],
  ['lost', undefined, false, ['lost']],
  ['out', undefined, false, ['out']],
  ['weak', line({}), true, ['unheard']],
  ['weak', line({ way: null, round_trip_ms: null }), false, ['no-media']],
  ['weak', line({ up_lost_permille: 30, round_trip_ms: 900, way: 'tcp' }), false, ['up', 'late', 'tcp']],
  ['ready', line({ way: 'tcp' }), false, ['good']],
  ['weak', line({ concealed_permille: 20 }), false, ['down']],
] as const)('%s with %o asks for it', (light, now, isUnheard, wanted) =>
  expect(advise(light, now, isUnheard)).toEqual(wanted),
);

it('has a sentence for each', () => {
  for (const advice of ADVICES) expect(vi).toHaveProperty([`advice.${advice}`]);
});
