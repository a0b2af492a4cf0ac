import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of signing with a token at one's own PC. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
