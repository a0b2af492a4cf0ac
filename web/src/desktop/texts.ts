import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of signing with the state's desktop tool. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
