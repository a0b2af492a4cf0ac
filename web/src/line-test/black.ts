const [WIDTH, HEIGHT] = [32, 18];
/** Of 255: a covered lens gives some noise. */
const DARK = 12;

/** Whether a camera shows nothing: a closed shutter, or a cover on the lens. */
export async function isBlack(track: MediaStreamTrack): Promise<boolean> {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  try {
    await video.play();
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context || video.videoWidth === 0) return false;
    context.drawImage(video, 0, 0, WIDTH, HEIGHT);
    return isDark(context.getImageData(0, 0, WIDTH, HEIGHT).data);
  } catch {
    // A camera that is just being closed.
    return false;
  } finally {
    video.srcObject = null;
  }
}

/** Whether no point of a picture (RGBA) is brighter than a covered lens gives. */
export function isDark(pixels: Uint8ClampedArray): boolean {
  return pixels.every((value, index) => index % 4 === 3 || value < DARK);
}
