import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of what follows a paper: notices, opinions, handing on, case files. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
