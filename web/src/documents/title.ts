/**
 * Kind and subject as one phrase: "Kế hoạch" and "Tuyển dụng viên chức" make "Kế hoạch tuyển dụng viên chức". The subject's first
 * letter becomes small only where the next word is small too: "Lam Giang ..." and "UBND ..." are names and stay as they are.
 */
export function titled(kind: string, subject: string): string {
  // Many a drafter writes the kind into the subject too.
  if (subject.toLocaleLowerCase('vi').startsWith(`${kind.toLocaleLowerCase('vi')} `)) return subject;
  const [first = '', second = ''] = subject.split(/\s+/, 2);
  const isName = /^\p{Lu}/u.test(second) || /\p{Lu}/u.test(first.slice(1));
  return `${kind} ${isName ? subject : subject.charAt(0).toLocaleLowerCase('vi') + subject.slice(1)}`;
}
