/** What stands where nothing was measured. */
export const NOTHING = '–';

export const figure = (value: number | null, unit: string): string => (value === null ? NOTHING : `${value} ${unit}`);

/** Thousandths as people read them. */
export const percent = (permille: number | null): string =>
  permille === null ? NOTHING : `${(permille / 10).toLocaleString('vi', { maximumFractionDigits: 1 })} %`;
