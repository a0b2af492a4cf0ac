export interface Span {
  text: string;
  mark?: string;
}

/** Splits `a <muc>b</muc> c` into its spans; marks that are not closed stay text. */
export function parse(text: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const found of text.matchAll(/<(muc|son|bad|ok|b)>(.*?)<\/\1>/g)) {
    if (found.index > end) spans.push({ text: text.slice(end, found.index) });
    spans.push({ text: found[2]!, mark: found[1] });
    end = found.index + found[0].length;
  }
  if (end < text.length) spans.push({ text: text.slice(end) });
  return spans;
}
