import { describe, expect, it } from 'vitest';
import en from './en.json';
import { nothing, type Findings, type Line, type Standing, type Way } from './findings';
import vi from './vi.json';
import { KEYS, verdict, type Key, type Whose } from './verdict';

const LINE: Line = {
  way: 'udp',
  up_kbps: 2_400,
  is_growing: false,
  down_kbps: 2_300,
  up_lost_permille: 0,
  down_lost_permille: 0,
  round_trip_ms: 20,
  jitter_ms: 3,
  is_slow_computer: false,
};

/** Everything in order, save what `change` says. */
function findings(change: (findings: Findings) => void = () => undefined): Findings {
  const all = nothing();
  all.signalling = { standing: 'works', https_ms: 8, socket_ms: 9 };
  all.ports = { udp: true, tcp: true };
  ways(all, { udp: 'works', tcp: 'works', turn_tcp: 'closed', turn_tls: 'works' });
  all.line = { ...LINE };
  all.microphone = all.camera = 'works';
  all.speaker = 'heard';
  change(all);
  return all;
}

function ways(all: Findings, standings: Partial<Record<Way, Standing>>): void {
  for (const [way, standing] of Object.entries(standings)) all.ways[way as Way].standing = standing;
}
const allFail = (all: Findings) => {
  ways(all, { udp: 'fails', tcp: 'fails', turn_tls: 'fails' });
  all.line = null;
};
const line = (change: Partial<Line>) => (all: Findings) => (all.line = { ...LINE, ...change });

const CASES: [Key, Whose, string, (all: Findings) => void][] = [
  ['ready', 'nobody', 'everything works', () => undefined],
  ['ready', 'nobody', 'the bell was not rung', (all) => (all.speaker = 'untried')],
  ['ready', 'nobody', 'nobody has spoken yet', (all) => (all.microphone = 'quiet')],
  ['ready', 'nobody', 'a way that is not needed fails', (all) => ways(all, { tcp: 'fails', turn_tls: 'fails' })],
  ['browser', 'machine', 'no WebRTC', (all) => (all.has_webrtc = false)],
  ['offline', 'office', 'no page', (all) => (all.signalling.standing = 'offline')],
  ['away', 'server', 'the page answers an error', (all) => (all.signalling.standing = 'away')],
  ['no-socket', 'office', 'pages, but no sockets', (all) => (all.signalling.standing = 'no_socket')],
  ['no-media', 'server', 'media do not run', (all) => (all.signalling.standing = 'no_media')],
  ['all-blocked', 'office', 'no way, and the ports answer the server', allFail],
  [
    'all-blocked',
    'office',
    'no way, and the server said nothing of its ports',
    (all) => {
      allFail(all);
      all.ports = { udp: null, tcp: null };
    },
  ],
  [
    'ports-dead',
    'server',
    'no way, and no port answers the server',
    (all) => {
      allFail(all);
      all.ports = { udp: false, tcp: false };
    },
  ],
  [
    'ports-dead',
    'server',
    'no way but UDP is offered, and it is dead',
    (all) => {
      allFail(all);
      ways(all, { tcp: 'closed', turn_tls: 'closed' });
      all.ports = { udp: false, tcp: null };
    },
  ],
  [
    'all-blocked',
    'office',
    'no way, and one port answers the server',
    (all) => {
      allFail(all);
      all.ports = { udp: true, tcp: false };
    },
  ],
  ['insecure', 'server', 'a page without TLS', (all) => (all.is_secure = false)],
  ['line-useless', 'office', 'a fifth is lost', line({ up_lost_permille: 200 })],
  ['line-useless', 'office', 'almost nothing comes down', line({ down_kbps: 90 })],
  ['line-useless', 'office', 'a second there and back', line({ round_trip_ms: 1_000 })],
  ['microphone-denied', 'machine', 'no permission', (all) => (all.microphone = 'denied')],
  ['microphone-missing', 'machine', 'nothing is plugged in', (all) => (all.microphone = all.camera = 'missing')],
  ['microphone-busy', 'machine', 'another program has it', (all) => (all.microphone = 'busy')],
  ['camera-denied', 'machine', 'no permission', (all) => (all.camera = 'denied')],
  ['camera-missing', 'machine', 'nothing is plugged in', (all) => (all.camera = 'missing')],
  ['camera-busy', 'machine', 'another program has it', (all) => (all.camera = 'busy')],
  ['udp-blocked', 'office', 'UDP fails, TCP works', (all) => ways(all, { udp: 'fails' })],
  ['relay-only', 'office', 'nothing but TLS', (all) => ways(all, { udp: 'fails', tcp: 'fails' })],
  [
    'udp-dead',
    'server',
    'UDP fails for the server as well',
    (all) => {
      ways(all, { udp: 'fails' });
      all.ports.udp = false;
    },
  ],
  ['ready', 'nobody', 'the server has no UDP', (all) => ways(all, { udp: 'closed' })],
  ['computer-slow', 'machine', 'the encoder falls behind', line({ is_slow_computer: true, up_kbps: 80 })],
  ['line-lossy', 'office', 'some is lost', line({ down_lost_permille: 40 })],
  ['line-slow', 'office', 'little goes up', line({ up_kbps: 300 })],
  ['ready', 'nobody', 'a browser that begins carefully', line({ up_kbps: 300, down_kbps: 290, is_growing: true })],
  ['line-slow', 'office', 'little comes down', line({ down_kbps: 450 })],
  ['line-late', 'office', 'late', line({ round_trip_ms: 450 })],
  ['line-unmeasured', 'office', 'nothing was measured', (all) => (all.line = null)],
  ['microphone-silent', 'machine', 'switched off at the headset', (all) => (all.microphone = 'silent')],
  ['camera-black', 'machine', 'a cover on the lens', (all) => (all.camera = 'black')],
  ['speaker-deaf', 'machine', 'the bell was not heard', (all) => (all.speaker = 'deaf')],
];

describe('the one sentence', () => {
  it.each(CASES)('%s (%s): %s', (key, whose, _, change) => {
    const found = verdict(findings(change));
    expect([found.key, found.whose]).toEqual([key, whose]);
  });

  it('has a case for each row, and words in both languages that say what to do', () => {
    expect(new Set(CASES.map(([key]) => key))).toEqual(new Set(KEYS));
    for (const key of KEYS)
      for (const texts of [vi, en] as Record<string, string>[])
        expect(
          [texts[`verdict.${key}`], texts[`verdict.${key}.next`]].every((text) => text?.endsWith('.')),
          key,
        ).toBe(true);
  });

  it('names what hinders a meeting most before what is only a nuisance', () => {
    const worst = findings((all) => {
      allFail(all);
      all.camera = 'missing';
      all.speaker = 'deaf';
    });
    expect(verdict(worst).key).toBe('all-blocked');
    const mute = findings((all) => {
      ways(all, { udp: 'fails' });
      all.microphone = 'denied';
      all.camera = 'black';
    });
    expect(verdict(mute).key).toBe('microphone-denied');
  });

  it('is good only where nothing is to be done, and bad only where no meeting can be', () => {
    for (const [, , , change] of CASES) {
      const { key, standing, whose } = verdict(findings(change));
      expect(standing === 'valid', key).toBe(whose === 'nobody');
    }
  });
});
