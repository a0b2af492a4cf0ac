import { expect, it } from 'vitest';
import { between, LEAST, moved, resized } from './parts';

const page = { width: 600, height: 800 };
const box = { left: 100, top: 700, width: 200, height: 50 };

it('draws the same part from whichever corner it is begun', () => {
  const [a, b] = [
    { x: 10, y: 90 },
    { x: 60, y: 20 },
  ];
  expect(between(a, b)).toEqual({ left: 10, top: 20, width: 50, height: 70 });
  expect(between(b, a)).toEqual(between(a, b));
});

it('keeps a part on its page while it is moved and sized', () => {
  expect(moved(box, 0, 500, page)).toEqual({ ...box, top: 750 });
  expect(moved(box, -500, 0, page)).toEqual({ ...box, left: 0 });
  expect(resized(box, 900, 900, page)).toEqual({ ...box, width: 500, height: 100 });
  expect(resized(box, -900, -900, page)).toEqual({ ...box, width: LEAST, height: LEAST });
});
