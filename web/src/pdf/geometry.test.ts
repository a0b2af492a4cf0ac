import { describe, expect, it } from 'vitest';
import { centre, move, toBox, toRect, type Viewport } from './geometry';

/** A page of 600 by 800 points whose CropBox begins at (10, 20), as pdf.js shows it. */
function viewport(scale: number, rotation: 0 | 90 | 180 | 270): Viewport {
  const [cx, cy, w, h] = [10, 20, 600, 800];
  const sideways = rotation % 180 !== 0;
  const show = (x: number, y: number): [number, number] => {
    const [u, v] = [x - cx, y - cy];
    const turned = { 0: [u, h - v], 90: [v, u], 180: [w - u, v], 270: [h - v, w - u] }[rotation] as [number, number];
    return [turned[0] * scale, turned[1] * scale];
  };
  const read = (x: number, y: number): [number, number] => {
    const [p, q] = [x / scale, y / scale];
    const [u, v] = { 0: [p, h - q], 90: [q, p], 180: [w - p, q], 270: [w - q, h - p] }[rotation] as [number, number];
    return [u + cx, v + cy];
  };
  return {
    width: (sideways ? h : w) * scale,
    height: (sideways ? w : h) * scale,
    convertToViewportPoint: show,
    convertToPdfPoint: read,
  };
}

const rect = { x: 300, y: 120, width: 150, height: 70 };

describe('places', () => {
  for (const rotation of [0, 90, 180, 270] as const) {
    for (const scale of [0.75, 1, 2.4]) {
      const view = viewport(scale, rotation);
      it(`survive the screen at ${rotation} degrees and ${scale}`, () => {
        const back = toRect(toBox(rect, view), view);
        for (const key of ['x', 'y', 'width', 'height'] as const) expect(back[key]).toBeCloseTo(rect[key], 6);
      });
      it(`move the way the screen shows at ${rotation} degrees and ${scale}`, () => {
        const before = toBox(rect, view);
        const after = toBox(move(rect, 7, -3, view), view);
        expect(after.left - before.left).toBeCloseTo(7, 6);
        expect(after.top - before.top).toBeCloseTo(-3, 6);
      });
      it(`stay whole on the page at ${rotation} degrees and ${scale}`, () => {
        for (const [dx, dy] of [
          [-9999, -9999],
          [9999, 9999],
        ] as const) {
          const box = toBox(move(rect, dx, dy, view), view);
          expect(box.left).toBeGreaterThanOrEqual(-1e-6);
          expect(box.top).toBeGreaterThanOrEqual(-1e-6);
          expect(box.left + box.width).toBeLessThanOrEqual(view.width + 1e-6);
          expect(box.top + box.height).toBeLessThanOrEqual(view.height + 1e-6);
        }
      });
    }
  }
  it('go where the page is touched', () => {
    const view = viewport(1.5, 0);
    const box = toBox(centre(rect, 400, 500, view), view);
    expect(box.left + box.width / 2).toBeCloseTo(400, 6);
    expect(box.top + box.height / 2).toBeCloseTo(500, 6);
  });
});
