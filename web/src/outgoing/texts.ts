import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of what goes out: drafting, signing, numbering, issuing. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
