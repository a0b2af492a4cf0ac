/** The value of a `datetime-local` field, read in the zone of the province, whatever the zone of the machine. */
const OFFSET_MINUTES = 7 * 60;
const MINUTE_MS = 60_000;

export function toLocal(when: Date): string {
  return new Date(when.getTime() + OFFSET_MINUTES * MINUTE_MS).toISOString().slice(0, 16);
}

export function fromLocal(text: string): Date {
  return new Date(Date.parse(`${text.slice(0, 16)}:00Z`) - OFFSET_MINUTES * MINUTE_MS);
}

/** The next full quarter of an hour, where meetings begin. */
export function nextQuarter(now: Date): Date {
  const quarter = 15 * MINUTE_MS;
  return new Date(Math.ceil(now.getTime() / quarter) * quarter);
}
