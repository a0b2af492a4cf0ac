/** Times are shown in the zone of the province, whatever the zone of the reader's machine. */
const ZONE = 'Asia/Ho_Chi_Minh';
const OFFSET = '+07:00';

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

type When = string | Date;

/** `23/11/2026` */
export function date(when: When): string {
  const { day, month, year } = split(when);
  return `${day}/${month}/${year}`;
}

/** `07:42` */
export function clock(when: When): string {
  const { hour, minute } = split(when);
  return `${hour}:${minute}`;
}

/** `23/11/2026 08:12:47 +07:00`, the full form that evidence is shown with. */
export function stamp(when: When): string {
  const { hour, minute, second } = split(when);
  return `${date(when)} ${hour}:${minute}:${second} ${OFFSET}`;
}

/** `06:55` today, else `17:20, 20/11`, or with the year when it is another one. */
export function brief(when: When, now: Date = new Date()): string {
  const then = split(when);
  const today = split(now);
  const hour = `${then.hour}:${then.minute}`;
  if (date(when) === date(now)) return hour;
  const day = `${then.day}/${then.month}`;
  return `${hour}, ${then.year === today.year ? day : `${day}/${then.year}`}`;
}

export const isToday = (when: When, now: Date = new Date()): boolean => date(when) === date(now);

/** `Thứ Hai, 23/11/2026 · 07:42` */
export function headline(now: Date, locale: string): string {
  const weekday = new Intl.DateTimeFormat(locale, { timeZone: ZONE, weekday: 'long' }).format(now);
  return `${weekday}, ${date(now)} · ${clock(now)}`;
}

function split(when: When): Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string> {
  const found = parts.formatToParts(typeof when === 'string' ? new Date(when) : when);
  return Object.fromEntries(found.map((part) => [part.type, part.value])) as ReturnType<typeof split>;
}
