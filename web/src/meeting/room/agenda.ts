import type { Item } from '../meetings';

/** The item that comes after the one under way; the first where none is, nothing after the last. */
export function nextItem(items: Item[], current: number | null): Item | undefined {
  const index = items.findIndex((item) => item.number === current);
  return items[index + 1];
}
