import { catalog } from '../i18n';
import vi from './vi.json';

/** The texts of what comes in: papers registered by hand, many accepted at once. */
export const t = catalog(vi, () => import('./en.json'));
export type Key = keyof typeof vi;
