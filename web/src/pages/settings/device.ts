/** Newer names stand first: each also calls itself by the older ones. */
const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/coc_coc_browser/, 'Cốc Cốc'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux|X11/, 'Linux'],
] as const;

/** `Chrome, Windows`, from what a browser says of itself; nothing where it says nothing that is known. */
export function deviceName(userAgent: string | null | undefined): string | undefined {
  const known = [BROWSERS, SYSTEMS].map((names) => names.find(([sign]) => sign.test(userAgent ?? ''))?.[1]);
  return known.filter(Boolean).join(', ') || undefined;
}
