import { SvelteSet } from 'svelte/reactivity';

/** Vietnamese is the language of the product; English is a translation that is loaded when someone asks for it. */
export type Locale = 'vi' | 'en';

/** A text with `{name}` places to fill. English may give two forms, chosen by `{count}`; Vietnamese needs only one. */
export type Message = string | { one: string; other: string };
export type Values = Record<string, string | number>;

type Catalog = { load(locale: Locale): Promise<void> };

const KEY = 'hoian.locale';
const catalogs = new SvelteSet<Catalog>();
let current = $state<Locale>(stored());

export const locale = (): Locale => current;

export async function setLocale(next: Locale): Promise<void> {
  await Promise.all([...catalogs].map((catalog) => catalog.load(next)));
  current = next;
  document.documentElement.lang = next;
  remember(next);
}

/**
 * Makes the `t()` of one area of the client. The Vietnamese file is the source of its keys, so a missing or misspelt key does
 * not compile; the English file comes over the network only when English is chosen.
 *
 *     export const t = catalog(vi, () => import('./en.json'));
 *     t('greeting', { name: 'Hà' });
 */
export function catalog<Key extends string>(
  vi: Record<Key, string>,
  loadEnglish: () => Promise<{ default: Record<Key, Message> }>,
): (key: Key, values?: Values) => string {
  let english = $state.raw<Record<Key, Message>>();
  const load = async (wanted: Locale) => {
    if (wanted === 'en' && !english) english = (await loadEnglish()).default;
  };
  catalogs.add({ load });
  void load(current).catch(() => undefined);
  return (key, values = {}) => {
    const message = current === 'en' && english ? english[key] : vi[key];
    return fill(form(message, values), values);
  };
}

export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (name in values ? String(values[name]) : place));
}

function form(message: Message, values: Values): string {
  if (typeof message === 'string') return message;
  return Number(values.count) === 1 ? message.one : message.other;
}

function stored(): Locale {
  try {
    return globalThis.localStorage?.getItem(KEY) === 'en' ? 'en' : 'vi';
  } catch {
    return 'vi';
  }
}

function remember(next: Locale): void {
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be switched off; the choice then lasts until the page is closed.
  }
}
