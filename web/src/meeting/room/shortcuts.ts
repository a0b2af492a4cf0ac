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
