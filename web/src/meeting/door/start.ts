import { clock, date, isToday } from '../../time';
import type { MeetingDoor } from '../meetings';
import { t } from '../texts';

/** When a meeting begins, told as people would: "Bắt đầu lúc 14:00, còn 12 phút". */
export function startLine(meeting: Pick<MeetingDoor, 'starts_at' | 'is_running'>, now: Date): string {
  const minutes = Math.ceil((Date.parse(meeting.starts_at) - now.getTime()) / 60_000);
  const hour = clock(meeting.starts_at);
  if (meeting.is_running) return t('start.running', { hour });
  if (!isToday(meeting.starts_at, now)) return t('start.day', { hour, day: date(meeting.starts_at) });
  if (minutes > 60) return t('start.today', { hour });
  return minutes > 0 ? t('start.soon', { hour, minutes }) : t('start.due', { hour });
}
