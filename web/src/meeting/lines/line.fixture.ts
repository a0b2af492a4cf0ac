import type { LineNow } from '../meetings';

/** A good line, for tests, with what differs. */
export const line = (fields: Partial<LineNow>): LineNow => ({
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
  mixed_sound: 'off',
  dropped: [],
  ...fields,
});
