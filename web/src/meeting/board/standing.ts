import { judge } from '../lines/judge';
import type { BoardSeat } from '../meetings';
import type { Finding } from '../protocol';
import type { Light } from '../room/wall';

export const DEVICES = ['camera', 'microphone', 'loudspeaker'] as const;
export type Device = (typeof DEVICES)[number];

/** What is known of a device: while it is connected, what the server sees of it; else what was reported last. */
export function finding(seat: BoardSeat, device: Device): Finding {
  const seen = device === 'loudspeaker' ? null : seat[device];
  if (seen === 'live') return 'works';
  return seat.check?.[device] ?? 'untried';
}

/** `ready` where everything was tried out and works, `weak` where something does not, `out` where it was not tried. */
export function light(seat: BoardSeat): Light {
  if (seat.standing === 'lost') return 'lost';
  const findings = DEVICES.map((device) => finding(seat, device));
  const isPoor = seat.line !== null && ['weak', 'lost'].includes(judge(seat.line));
  if (findings.includes('fails') || isPoor) return 'weak';
  return findings.includes('untried') ? 'out' : 'ready';
}

/** What needs looking at first: lost, then troubled, then not tried out, then good; in the order of the plan. */
export function troubledFirst(seats: BoardSeat[]): BoardSeat[] {
  const rank = { lost: 0, weak: 1, out: 2, ready: 3 };
  return seats.toSorted((a, b) => rank[light(a)] - rank[light(b)]);
}
