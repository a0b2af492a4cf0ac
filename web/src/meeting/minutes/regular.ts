/** Notes as the server keeps them: composed, no blanks at the end of a line, no empty lines around. */
export const regular = (text: string): string =>
  text
    .normalize('NFC')
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '');

/** What becomes of a field when something newer than it began with is there. */
export type Meeting = 'keep' | 'take' | 'agree' | 'clash';

/**
 * The field begins with `began`, now says `typed`, and `now` stands at the server. Words that nobody else has seen are never
 * thrown away: where both changed, whoever types decides.
 */
export function meet(began: string, typed: string, now: string): Meeting {
  if (regular(typed) === regular(now)) return 'agree';
  if (regular(now) === regular(began)) return 'keep';
  return regular(typed) === regular(began) ? 'take' : 'clash';
}
