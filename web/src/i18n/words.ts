import type { Locale } from './locale.svelte';

const VI = ['không', 'một', 'hai', 'ba', 'bốn', 'năm', 'sáu', 'bảy', 'tám', 'chín', 'mười'];
const EN = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Small counts are words in a sentence, larger ones figures: "ba văn bản", "28 văn bản". */
export function numberWord(count: number, locale: Locale): string {
  return (locale === 'en' ? EN : VI)[count] ?? String(count);
}

/** Begins with a capital, as a sentence does. */
export function sentence(text: string): string {
  return text.charAt(0).toLocaleUpperCase('vi') + text.slice(1);
}
