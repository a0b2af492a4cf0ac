const ZONE = 'Asia/Ho_Chi_Minh';
const DAY_MS = 24 * 60 * 60 * 1000;

/** The day so many days after today in the province, as a date field holds it: `2026-11-30`. */
export function dayAfter(days: number, now: Date = new Date()): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(new Date(now.getTime() + days * DAY_MS));
}

/** `2026-11-30` as people write it: `30/11/2026`. */
export const written = (day: string): string => day.split('-').reverse().join('/');
