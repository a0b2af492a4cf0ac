/** Text as it is searched: without diacritics or case, so that "hoa" finds "Hòa" and "Hoà". */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('đ', 'd');
}
