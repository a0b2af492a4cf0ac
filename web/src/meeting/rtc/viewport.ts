import type { ViewedSlot } from '../protocol';

/** How often the page is looked at; a slot that grew is sharp within a second. */
const EVERY_MS = 500;
/** Sizes are told in steps, so that a window being dragged does not bring a message each time. */
const STEP = 16;

/**
 * Tells the server how large the page shows each section, so that no larger picture is sent than can be seen. It looks at
 * the page itself: whatever element shows a track counts, and a track that no element shows has size zero.
 */
export class Viewport {
  private readonly told = new Map<string, string>();
  private readonly timer: number;

  constructor(
    private readonly pictures: () => [string, MediaStreamTrack][],
    private readonly tell: (slots: ViewedSlot[]) => void,
  ) {
    this.timer = window.setInterval(() => this.look(), EVERY_MS);
  }

  close(): void {
    window.clearInterval(this.timer);
  }

  /** The sections are those of a new connection, of which the server knows nothing. */
  forget(): void {
    this.told.clear();
  }

  look(): void {
    const videos = [...document.querySelectorAll('video')];
    const changed: ViewedSlot[] = [];
    for (const [mid, track] of this.pictures()) {
      const { width, height } = largest(videos, track);
      const size = `${width}x${height}`;
      if (this.told.get(mid) === size) continue;
      this.told.set(mid, size);
      changed.push({ mid, width, height });
    }
    if (changed.length > 0) this.tell(changed);
  }
}

/** The size of the largest element that shows the track, in device pixels. */
export function largest(videos: HTMLVideoElement[], track: MediaStreamTrack): { width: number; height: number } {
  const pixels = (length: number) => Math.min(65_535, Math.ceil((length * devicePixelRatio) / STEP) * STEP);
  let best = { width: 0, height: 0 };
  for (const video of videos) {
    const stream = video.srcObject as MediaStream | null;
    if (!stream?.getVideoTracks().includes(track)) continue;
    const size = { width: pixels(video.clientWidth), height: pixels(video.clientHeight) };
    if (size.width * size.height > best.width * best.height) best = size;
  }
  return best;
}
