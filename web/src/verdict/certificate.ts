/** Whose a certificate is, for people: the common name of a distinguished name, or the whole where there is none. */
export function holder(name: string): string {
  return /(?:^|, ?)CN=((?:\\.|[^,\\])+)/.exec(name)?.[1]?.replace(/\\(.)/g, '$1') ?? name;
}
