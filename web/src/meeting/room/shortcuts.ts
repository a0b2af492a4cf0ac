import { preferences } from '../../session/preferences.svelte';

/**
 * Single keys of the room. They are off while somebody writes: a field has the focus, a Vietnamese input method is
 * composing, a dialog is open, or another modifier belongs to the browser. Alternatives Ctrl+D and Ctrl+E always work.
 */
export function shortcuts(actions: Record<string, () => void>): (event: KeyboardEvent) => void {
  return (event) => {
    const key = keyOf(event, preferences.shortcuts);
    const action = key === null ? undefined : actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  };
}

export function keyOf(event: KeyboardEvent, singleLetters: boolean): string | null {
  if (event.isComposing || event.repeat || event.altKey || event.metaKey) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey) return CONTROL[key] ?? null;
  if (!singleLetters || writes(event.target)) return null;
  return key;
}

const CONTROL: Record<string, string> = { d: 'm', e: 'v' };

function writes(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return (
    element?.isContentEditable === true || element?.closest?.('input, textarea, select, dialog[open]') instanceof Object
  );
}

/** How long V is held before it means to talk; shorter it is the camera's key. */
const HOLD_MS = 350;

/**
 * V held down, or Space while nothing has the focus, opens a muted microphone for as long as it is held. `down` says
 * whether it took the key.
 */
export function pushToTalk(
  isMuted: () => boolean,
  toggle: () => void,
): { down: (event: KeyboardEvent) => boolean; up: (event: KeyboardEvent) => void } {
  let timer = 0;
  let held = '';
  const open = () => {
    if (isMuted()) toggle();
    else held = '';
  };
  return {
    down(event) {
      const key = event.key === ' ' ? ' ' : event.key.toLowerCase();
      if (event.repeat) return held === key || (key === 'v' && timer !== 0);
      if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return false;
      if (key === ' ' && document.activeElement === document.body && isMuted()) {
        event.preventDefault();
        held = ' ';
        open();
        return true;
      }
      if (key === 'v' && isMuted() && !writes(event.target)) {
        // The camera's key acts on its first press; held on, it gives the camera back and opens the microphone.
        timer = window.setTimeout(() => {
          timer = 0;
          held = 'v';
          open();
        }, HOLD_MS);
      }
      return false;
    },
    up(event) {
      window.clearTimeout(timer);
      timer = 0;
      const key = event.key === ' ' ? ' ' : event.key.toLowerCase();
      if (held === '' || held !== key) return;
      held = '';
      if (!isMuted()) toggle();
    },
  };
}
