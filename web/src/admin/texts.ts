import type { Membership, Role } from '../api/types';
import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of those who administer: people, agencies, substitutes. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;

export const ROLES: Role[] = ['leader', 'clerk', 'officer', 'administrator'];

/** `Chủ tịch (lãnh đạo), Sở Nội vụ`; where the position is the role's own word, it stands once. */
export function post(held: Membership): string {
  const role = t(`role.${held.role}`).toLocaleLowerCase('vi');
  const same = held.position.toLocaleLowerCase('vi') === role;
  return same
    ? `${held.position}, ${held.agency_name}`
    : t('post', { position: held.position, role, agency: held.agency_name });
}
