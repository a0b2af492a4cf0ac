import type { Box, Rect, Viewport } from '../pdf/geometry';

/** A part of a page, in the page's own points. */
export interface Part extends Rect {
  page: number;
}

/** The least width and height in pixels: smaller is a slip of the hand. */
export const LEAST = 24;

type Point = { x: number; y: number };

/** The box between two opposite corners, however they lie to each other. */
export const between = (a: Point, b: Point): Box => ({
  left: Math.min(a.x, b.x),
  top: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});

/** The box moved, kept whole on its page. */
export const moved = (box: Box, dx: number, dy: number, page: Pick<Viewport, 'width' | 'height'>): Box => ({
  ...box,
  left: clamp(box.left + dx, 0, page.width - box.width),
  top: clamp(box.top + dy, 0, page.height - box.height),
});

/** The box made wider and higher at its lower right corner, kept on its page. */
export const resized = (box: Box, dx: number, dy: number, page: Pick<Viewport, 'width' | 'height'>): Box => ({
  ...box,
  width: clamp(box.width + dx, LEAST, page.width - box.left),
  height: clamp(box.height + dy, LEAST, page.height - box.top),
});

const clamp = (value: number, least: number, most: number): number => Math.max(Math.min(value, most), least);
