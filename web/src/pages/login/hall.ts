export interface Dot {
  key: string;
  x: number;
  y: number;
  r: number;
  opacity: number;
}

/** Four rings of seats, the outer ones fainter; the last part of each is still empty, as the hall is filling. */
export function rings(): Dot[] {
  return RINGS.flatMap(({ radius, seats, taken, r, opacity }, ring) =>
    Array.from({ length: seats }, (_, seat) => {
      const angle = ((seat + ring / 4) / seats) * 2 * Math.PI;
      return {
        key: `${ring}-${seat}`,
        x: 300 + radius * Math.sin(angle),
        y: 300 - radius * Math.cos(angle),
        r,
        opacity: seat < taken ? opacity : 0.14,
      };
    }),
  );
}

const RINGS = [
  { radius: 292, seats: 84, taken: 67, r: 4.2, opacity: 0.34 },
  { radius: 252, seats: 72, taken: 59, r: 4.6, opacity: 0.54 },
  { radius: 212, seats: 60, taken: 48, r: 5.2, opacity: 0.74 },
  { radius: 172, seats: 42, taken: 33, r: 6.2, opacity: 0.94 },
];
