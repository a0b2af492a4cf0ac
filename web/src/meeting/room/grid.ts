/**
 * How many columns let `count` tiles of 16:9 be largest in a box of `width` by `height`.
 */
export function columns(count: number, width: number, height: number): number {
  let best = 1;
  let largest = 0;
  for (let tried = 1; tried <= count; tried++) {
    const rows = Math.ceil(count / tried);
    const tile = Math.min(width / tried, (height / rows) * (16 / 9));
    if (tile > largest + 1) [best, largest] = [tried, tile];
  }
  return best;
}
