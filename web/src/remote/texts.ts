import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of signing with a key that a remote service keeps. */
export const t = catalog(vi, () => import('./en.json'));
