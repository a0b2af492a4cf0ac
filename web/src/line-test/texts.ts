import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of the connection test. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
