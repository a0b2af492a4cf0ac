const DAY_MS = 24 * 3600 * 1000;

/** Within so many days the server tells of the end too. */
const SOON = 60;

/** How many days a certificate still has, where that is worth a word; 0 once it has ended. */
export function ending(notAfter: string, now: Date = new Date()): number | undefined {
  const days = Math.ceil((new Date(notAfter).getTime() - now.getTime()) / DAY_MS);
  return days <= SOON ? Math.max(days, 0) : undefined;
}
