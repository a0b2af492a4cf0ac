/** A rectangle in the PDF's own points, origin bottom left, as the server stores it. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The same on the screen: CSS pixels from the top left of the drawn page. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What is used of a pdf.js `PageViewport`; it knows about zoom, rotation and CropBox. */
export interface Viewport {
  width: number;
  height: number;
  convertToPdfPoint(x: number, y: number): number[];
  convertToViewportPoint(x: number, y: number): number[];
}

export function toBox(rect: Rect, viewport: Viewport): Box {
  const [x1, y1] = viewport.convertToViewportPoint(rect.x, rect.y) as [number, number];
  const [x2, y2] = viewport.convertToViewportPoint(rect.x + rect.width, rect.y + rect.height) as [number, number];
  return { left: Math.min(x1, x2), top: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
}

export function toRect(box: Box, viewport: Viewport): Rect {
  const [x1, y1] = viewport.convertToPdfPoint(box.left, box.top) as [number, number];
  const [x2, y2] = viewport.convertToPdfPoint(box.left + box.width, box.top + box.height) as [number, number];
  return { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
}

/** Moves a rectangle by screen pixels and keeps it whole on its page. */
export function move(rect: Rect, dx: number, dy: number, viewport: Viewport): Rect {
  const box = toBox(rect, viewport);
  return toRect(
    {
      ...box,
      left: clamp(box.left + dx, viewport.width - box.width),
      top: clamp(box.top + dy, viewport.height - box.height),
    },
    viewport,
  );
}

/** Puts the middle of a rectangle at a point of the screen, kept whole on the page. */
export function centre(rect: Rect, x: number, y: number, viewport: Viewport): Rect {
  const box = toBox(rect, viewport);
  return move(rect, x - box.left - box.width / 2, y - box.top - box.height / 2, viewport);
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), Math.max(most, 0));
