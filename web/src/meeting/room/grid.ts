/** How tiles fill a box: as large as they can be, all of one shape, nobody cut off at the edge. */
export interface Grid {
  columns: number;
  /** Width of a tile in pixels. */
  tile: number;
}

/** Between tiles, in pixels; `--s3`. */
const GAP = 12;

/** The grid of `count` tiles with the given shape (width over height) in a box of `width` by `height`. */
export function grid(count: number, width: number, height: number, shape: number): Grid {
  let best: Grid = { columns: 1, tile: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const across = (width - GAP * (columns - 1)) / columns;
    const down = ((height - GAP * (rows - 1)) / rows) * shape;
    const tile = Math.floor(Math.min(across, down));
    if (tile > best.tile) best = { columns, tile };
  }
  return best;
}

/** How many tiles of at least `least` pixels' width a box has room for. */
export function roomFor(width: number, height: number, shape: number, least: number): number {
  const fits = (length: number, tile: number) => Math.max(1, Math.floor((length + GAP) / (tile + GAP)));
  return fits(width, least) * fits(height, least / shape);
}

/**
 * For how many faces the server is asked: as many as there is room for, in steps, so that not every camera that opens
 * brings a message.
 */
export const facesFor = (room: number, cameras: number): number =>
  Math.min(room, Math.max(STEP, Math.ceil(cameras / STEP) * STEP));

const STEP = 8;

/** A table with people round it is wide; on a phone held upright a little less of its sides gives larger faces. */
export const shapeFor = (width: number): number => (width < 600 ? 4 / 3 : 16 / 9);
