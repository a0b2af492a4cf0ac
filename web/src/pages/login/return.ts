/** Where to go after log-in: only a path of our own, never another site. */
export function safeReturn(asked: string | null): string {
  if (!asked || !/^\/(?![/\\])/.test(asked) || asked.startsWith('/dang-nhap')) return '/';
  return asked;
}
