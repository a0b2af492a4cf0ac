import { describe, expect, it } from 'vitest';
import { brief, clock, date, headline, isToday, stamp } from '.';

describe('times', () => {
  const late = '2026-11-22T18:30:05Z'; // after midnight in the province
  it('are shown in the zone of the province', () => {
    expect(date(late)).toBe('23/11/2026');
    expect(clock(late)).toBe('01:30');
    expect(stamp(late)).toBe('23/11/2026 01:30:05 +07:00');
  });
  it('grow shorter the nearer they are', () => {
    const now = new Date('2026-11-23T02:00:00Z');
    expect(brief(late, now)).toBe('01:30');
    expect(brief('2026-11-20T10:20:00Z', now)).toBe('17:20, 20/11');
    expect(brief('2025-11-20T10:20:00Z', now)).toBe('17:20, 20/11/2025');
    expect(isToday(late, now)).toBe(true);
  });
  it('name the weekday in the language of the reader', () => {
    expect(headline(new Date('2026-11-23T00:42:00Z'), 'vi')).toBe('Thứ Hai, 23/11/2026 · 07:42');
  });
});
