export type Command = 'next' | 'previous' | 'find' | 'accept' | 'return' | 'page' | 'many' | 'paper';

const LETTERS: Record<string, Command> = {
  j: 'next',
  k: 'previous',
  '/': 'find',
  r: 'return',
  p: 'page',
  a: 'many',
  g: 'paper',
};

/**
 * What a key means in the list. Letters mean nothing while someone types, in whatever way: a field has the focus, or a
 * Vietnamese input method is composing. Enter keeps its own meaning on links and buttons.
 */
export function shortcut(
  event: Pick<KeyboardEvent, 'key' | 'isComposing' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>,
  letters: boolean,
): Command | undefined {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const target = event.target as Element | null;
  if (target?.closest?.('input, textarea, select, dialog, [contenteditable]')) return undefined;
  if (event.key === 'Enter') return target?.closest?.('a, button, summary') ? undefined : 'accept';
  return letters ? LETTERS[event.key.toLowerCase()] : undefined;
}
