import type { Role } from '../api/types';
import { session } from './session.svelte';

/** How close together things stand: large type for leaders, many rows for clerks. */
export type Density = 'leader' | 'normal' | 'clerk';

const DENSITY = 'hoian.density';
const SHORTCUTS = 'hoian.shortcuts';

let density = $state<Density | null>(read(DENSITY) as Density | null);
let shortcuts = $state(read(SHORTCUTS) !== 'off');

export const preferences = {
  /** What the person chose, or what suits their role. */
  get density(): Density {
    return density ?? suited(session.person?.memberships.map((held) => held.role) ?? []);
  },
  set density(next: Density) {
    density = next;
    write(DENSITY, next);
  },
  /** Single-letter shortcuts can be switched off (WCAG 2.2, 2.1.4). */
  get shortcuts(): boolean {
    return shortcuts;
  },
  set shortcuts(on: boolean) {
    shortcuts = on;
    write(SHORTCUTS, on ? 'on' : 'off');
  },
};

export function suited(roles: Role[]): Density {
  if (roles.includes('leader')) return 'leader';
  return roles.includes('clerk') ? 'clerk' : 'normal';
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}
