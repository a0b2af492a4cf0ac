import { expect, it } from 'vitest';
import { isDark } from './black';
import { only, portOf } from './description';
import { nothing } from './findings';
import { sum, type Look } from './measure';
import { report } from './report';
import { verdict } from './verdict';

const SDP = [
  'v=0',
  'a=candidate:1 1 udp 2130706431 203.0.113.7 8081 typ host',
  'a=candidate:2 1 tcp 1518280447 203.0.113.7 8081 typ host tcptype passive',
  'a=candidate:3 1 tcp 1518280191 203.0.113.7 443 typ host tcptype passive',
  'a=end-of-candidates',
  '',
].join('\r\n');

it('a description keeps the candidates of one way alone', () => {
  const kept = (way: 'udp' | 'tcp' | 'turn_tls') => only(SDP, way).match(/ 203\S+ \d+/g);
  expect(kept('udp')).toEqual([' 203.0.113.7 8081']);
  expect(kept('tcp')).toEqual([' 203.0.113.7 8081', ' 203.0.113.7 443']);
  expect(kept('turn_tls')).toEqual([' 203.0.113.7 8081']);
  expect(only(SDP, 'tcp').split('\r\n')).toHaveLength(5);
  expect([portOf(only(SDP, 'tcp')), portOf('v=0\r\n')]).toEqual([8081, null]);
});

it('a line is what the seconds after the first few carried', () => {
  const look = (second: number): Look => ({
    at: second * 1_000,
    down: second < 3 ? 0 : (second - 3) * 250_000,
    lost: second < 3 ? 500 : 500 + (second - 3),
    packets: second * 99,
    jitterMs: second === 4 ? null : second,
    roundTripMs: second === 5 ? 900 : 30,
    isSlowComputer: second === 1,
  });
  const told = Array.from({ length: 16 }, (_, at) => ({
    way: 'udp' as const,
    up_kbps: at < 6 ? 9_000 : 1_900 + at,
    up_lost_permille: at === 9 ? 300 : 2,
    up_jitter_ms: 1,
    down_estimate_kbps: null,
    down_lost_permille: null,
  }));
  const found = sum('udp', [0, 1, 2, 3, 4, 5, 6, 7, 8].map(look), told);
  expect(found).toEqual({
    way: 'udp',
    up_kbps: 1_915,
    is_growing: false,
    down_kbps: 2_000,
    up_lost_permille: 2,
    down_lost_permille: 10,
    round_trip_ms: 30,
    jitter_ms: 6,
    is_slow_computer: false,
  });
});

it('a line carries more than was measured while a browser still finds out', () => {
  const looks = Array.from({ length: 9 }, (_, at) => ({
    at: at * 1_000,
    down: 0,
    lost: 0,
    packets: 0,
    jitterMs: null,
    roundTripMs: 1,
    isSlowComputer: false,
  }));
  const told = (each: (at: number) => number) =>
    Array.from({ length: 16 }, (_, at) => ({
      way: null,
      up_kbps: each(at),
      up_lost_permille: 0,
      up_jitter_ms: 0,
      down_estimate_kbps: null,
      down_lost_permille: null,
    }));
  const grows = (each: (at: number) => number) => sum('udp', looks, told(each)).is_growing;
  expect([grows((at) => 300 * 1.04 ** at), grows((at) => 500 + (at % 2) * 20), grows(() => 0)]).toEqual([
    true,
    false,
    false,
  ]);
  expect([sum('udp', looks, []).up_kbps, sum('udp', looks, []).jitter_ms]).toEqual([0, null]);
});

it('a picture is black only where nothing shines', () => {
  const pixels = (value: number) => Uint8ClampedArray.from({ length: 64 }, (_, at) => (at % 4 === 3 ? 255 : value));
  expect([isDark(pixels(0)), isDark(pixels(9)), isDark(pixels(40))]).toEqual([true, true, false]);
  const shines = pixels(0);
  shines[20] = 200;
  expect(isDark(shines)).toBe(false);
});

it('the report names ways, figures and devices, and no address', () => {
  const found = nothing();
  found.signalling = { standing: 'works', https_ms: 8, socket_ms: 9 };
  found.ways.udp = { standing: 'fails', ms: null, port: 8081, pair: null };
  found.ways.tcp = { standing: 'works', ms: 120, port: 443, pair: 'host/tcp → host/tcp' };
  found.ports = { udp: true, tcp: true };
  found.camera = 'works';
  const text = report(found, verdict(found), {
    at: '30/11/2026 08:12:47 +07:00',
    host: 'hop.lamgiang.test',
    browser: 'Firefox/153',
    microphone: '',
    camera: 'Logitech C920',
  });
  for (const part of [
    'Kết luận: Mạng của cơ quan chặn UDP',
    'mở UDP 8081 tới hop.lamgiang.test',
    'Phần việc: mạng của cơ quan',
    'Đường UDP: không nối được; cổng 8081',
    'Đường TCP: nối được; 120 ms; cổng 443; host/tcp → host/tcp',
    'Máy chủ tự gọi cổng của mình: UDP được; TCP được',
    'Đo qua: chưa đo được',
    'Camera: Đang mở, hình rõ Logitech C920',
  ])
    expect(text).toContain(part);
  expect(text).not.toMatch(/\d+\.\d+\.\d+\.\d+|candidate/);
});
