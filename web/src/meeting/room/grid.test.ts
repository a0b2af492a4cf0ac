import { expect, it } from 'vitest';
import { columns } from './grid';

it('makes the tiles as large as they can be', () => {
  const table: [count: number, width: number, height: number, wanted: number][] = [
    [1, 1440, 700, 1],
    [2, 1440, 700, 2],
    [3, 1440, 700, 2],
    [4, 1440, 700, 2],
    [9, 1440, 700, 3],
    [2, 390, 640, 1],
    [6, 390, 640, 2],
    [0, 390, 640, 1],
  ];
  for (const [count, width, height, wanted] of table) expect(columns(count, width, height), `${count}`).toBe(wanted);
});
