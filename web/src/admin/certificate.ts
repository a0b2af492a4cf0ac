/** A fingerprint (hexadecimal) as it is compared by eye: upper case, in fours. */
export function fingerprint(hexadecimal: string): string {
  return hexadecimal.toUpperCase().replace(/.{4}(?=.)/g, '$& ');
}

/** Bytes in base64; for files of a few kilobytes. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
