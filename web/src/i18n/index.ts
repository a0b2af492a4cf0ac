import { catalog } from './locale.svelte';
import vi from './vi.json';

export { catalog, locale, setLocale, type Locale } from './locale.svelte';
export { numberWord, sentence } from './words';

/** The texts of the shell, of log-in and of documents. The meeting has its own catalog beside its code. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
