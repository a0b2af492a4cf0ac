/** The given name stands last in a Vietnamese name: "Nguyễn Thị Minh Hà" is addressed as "đồng chí Hà". */
export function givenName(fullName: string): string {
  return words(fullName).at(-1) ?? fullName;
}

/** First and last letter stand for a face: "Nguyễn Thị Minh Hà" is NH. A number stands whole: "Điểm cầu 12" is Đ12. */
export function initials(fullName: string): string {
  const all = words(fullName);
  const letters = all.length > 1 ? [all[0]!, all.at(-1)!] : all;
  return letters.map((word) => (/^\d+$/.test(word) ? word : word.charAt(0).toLocaleUpperCase('vi'))).join('');
}

const words = (name: string): string[] => name.normalize('NFC').trim().split(/\s+/).filter(Boolean);
