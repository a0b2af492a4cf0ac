import type { Health } from '../api/types';
import { clock, date } from '../time';
import { t } from './texts';

type Check = Health['checks'][number];

/** What is so with a part of the house, in a sentence with its figures. */
export function saying(part: Check['part'], level: Check['level'], health: Health): string {
  switch (part) {
    case 'disk':
      return health.disk_free_bytes == null || health.disk_total_bytes == null
        ? t('say.disk.unknown')
        : t('say.disk', { free: gigabytes(health.disk_free_bytes), whole: gigabytes(health.disk_total_bytes) });
    case 'jobs':
      if (health.jobs_waiting + health.jobs_given_up === 0) return t('say.jobs.none');
      return t('say.jobs', {
        waiting: health.jobs_waiting,
        given_up: health.jobs_given_up,
        minutes: Math.floor(health.oldest_job_seconds / 60),
      });
    case 'time_stamps':
      return health.signatures_waiting > 0
        ? t('say.time_stamps.waiting', { count: health.signatures_waiting })
        : t(level === 'good' ? 'say.time_stamps.good' : 'say.time_stamps.watch');
    case 'certificates':
      return health.ending_certificates.length > 0
        ? t('say.certificates', { count: health.ending_certificates.length })
        : t('say.certificates.good');
    case 'authorities':
      return health.unreachable_hosts.length > 0
        ? t('say.authorities', { hosts: health.unreachable_hosts.join(', ') })
        : t('say.authorities.good');
    case 'tls':
      if (level === 'good' && health.tls_not_after == null) return t('say.tls.proxy');
      return health.tls_not_after == null ? t('say.tls.bad') : t('say.tls', { day: date(health.tls_not_after) });
    case 'hsm':
      return health.hsm_answers == null ? t('say.hsm.none') : t(level === 'good' ? 'say.hsm.good' : 'say.hsm.bad');
    case 'backup':
      return health.last_backup_at == null
        ? t('say.backup.none')
        : t(level === 'good' ? 'say.backup' : 'say.backup.old', {
            day: date(health.last_backup_at),
            at: clock(health.last_backup_at),
          });
    default:
      return t(level === 'good' ? `say.${part}.good` : `say.${part}.bad`);
  }
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0).replace('.', ',');
