/** What a reload must not lose: the seat in a meeting and what was open. Kept for this tab alone. */
export interface Kept {
  place: string;
  name: string;
  microphone: boolean;
  camera: boolean;
  /** Whom the viewer has pinned, whether he only listens, and whether to all voices in one stream. */
  pinned?: string | null;
  soundOnly?: boolean;
  mixedSound?: boolean;
  at: number;
}

/** After so long a reload is a new visit, which begins at the door again. */
const FRESH_MS = 60_000;
const KEY = 'hoian.seat.';
const NAME = 'hoian.meeting.name';

export function keep(meeting: string, kept: Kept): void {
  write(sessionStorage, KEY + meeting, JSON.stringify(kept));
}

export function find(meeting: string, now: number): Kept | null {
  const text = read(sessionStorage, KEY + meeting);
  const kept = text === null ? null : (JSON.parse(text) as Kept);
  return kept && now - kept.at < FRESH_MS ? kept : null;
}

export function forget(meeting: string): void {
  try {
    sessionStorage.removeItem(KEY + meeting);
  } catch {
    // Nothing was kept then.
  }
}

/** The name that was shown last time, for the next meeting. */
export const lastName = (): string => read(localStorage, NAME) ?? '';
export const rememberName = (name: string): void => write(localStorage, NAME, name);

function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    // Without storage a reload begins at the door again.
  }
}
