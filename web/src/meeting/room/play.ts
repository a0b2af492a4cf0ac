import type { Attachment } from 'svelte/attachments';

/** Shows a track in a video element; the element keeps it until the track changes. */
export function play(track: MediaStreamTrack): Attachment<HTMLVideoElement> {
  return (element) => {
    element.srcObject = new MediaStream([track]);
    // A muted video may always play; where the browser delays it, it begins with the first picture.
    void element.play().catch(() => undefined);
    return () => (element.srcObject = null);
  };
}
