import { expect, it } from 'vitest';
import { facesFor, grid, roomFor, shapeFor } from './grid';

it('makes the tiles as large as they can be', () => {
  const table: [count: number, width: number, height: number, columns: number][] = [
    [1, 1440, 700, 1],
    [2, 1440, 700, 2],
    [3, 1440, 700, 2],
    [4, 1440, 700, 2],
    [9, 1440, 700, 3],
    [2, 374, 640, 1],
    [6, 374, 640, 2],
    [0, 374, 640, 1],
  ];
  for (const [count, width, height, columns] of table)
    expect(grid(count, width, height, shapeFor(width)).columns, `${count} in ${width}`).toBe(columns);
});

it('never reaches beyond the box', () => {
  for (let count = 1; count <= 49; count++) {
    for (const [width, height] of [
      [1408, 716],
      [374, 700],
      [300, 300],
    ] as const) {
      const shape = shapeFor(width);
      const { columns, tile } = grid(count, width, height, shape);
      const rows = Math.ceil(count / columns);
      expect(tile * columns + 12 * (columns - 1)).toBeLessThanOrEqual(width);
      expect((tile / shape) * rows + 12 * (rows - 1)).toBeLessThanOrEqual(height + 1);
    }
  }
});

it('asks for no more faces than can be seen, and not anew for each camera', () => {
  expect(roomFor(1408, 716, 16 / 9, 160)).toBe(8 * 7);
  expect(roomFor(176, 716, 16 / 9, 176)).toBe(6);
  expect(roomFor(0, 0, 16 / 9, 160)).toBe(1);
  expect([0, 1, 8, 9, 17, 200].map((cameras) => facesFor(25, cameras))).toEqual([8, 8, 8, 16, 24, 25]);
  expect(facesFor(3, 200)).toBe(3);
});
