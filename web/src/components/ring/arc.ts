/** Geometry of the ring: a circle of radius 20 in a box of 48 units, angles in degrees clockwise from the top. */
export const BOX = 48;
export const CENTRE = BOX / 2;
export const RADIUS = 20;

/** Half of the gap between two of the four arcs, in degrees. */
const GAP = 7;

/** The path of an arc from one angle to another; a whole turn needs a circle instead. */
export function arc(from: number, to: number): string {
  const large = to - from > 180 ? 1 : 0;
  return `M${point(from)}A${RADIUS} ${RADIUS} 0 ${large} 1 ${point(to)}`;
}

/** One of `count` equal arcs, with gaps between them. */
export function segment(index: number, count: number): string {
  const width = 360 / count;
  return arc(index * width + GAP, (index + 1) * width - GAP);
}

function point(angle: number): string {
  const radians = (angle * Math.PI) / 180;
  return `${(CENTRE + RADIUS * Math.sin(radians)).toFixed(2)} ${(CENTRE - RADIUS * Math.cos(radians)).toFixed(2)}`;
}
