import { expect, test } from 'vitest';
import { largest } from './viewport';

const track = {} as MediaStreamTrack;
const video = (clientWidth: number, clientHeight: number, shown = track) =>
  ({ clientWidth, clientHeight, srcObject: { getVideoTracks: () => [shown] } }) as unknown as HTMLVideoElement;

test('a track has the size of the largest element that shows it, and none where no element does', () => {
  Object.assign(globalThis, { devicePixelRatio: 2 });
  expect(largest([video(100, 60), video(320, 180)], track)).toEqual({ width: 640, height: 368 });
  expect(largest([video(320, 180, {} as MediaStreamTrack)], track)).toEqual({ width: 0, height: 0 });
  expect(largest([], track)).toEqual({ width: 0, height: 0 });
});
