import { expect, it } from 'vitest';
import { arc, segment } from './arc';

it('draws clockwise from the top', () => {
  expect(arc(0, 90)).toBe('M24.00 4.00A20 20 0 0 1 44.00 24.00');
  expect(arc(0, 270)).toBe('M24.00 4.00A20 20 0 1 1 4.00 24.00');
});

it('leaves a gap between the four arcs of a way', () => {
  expect(segment(0, 4)).toBe('M26.44 4.15A20 20 0 0 1 43.85 21.56');
  expect(segment(3, 4)).toBe('M4.15 21.56A20 20 0 0 1 21.56 4.15');
});
