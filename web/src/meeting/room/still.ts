/** The size of a still on the wall. */
const WIDTH = 320;
const HEIGHT = 180;
/** In characters of base64; the server takes 24 kB. */
const MOST = 32_000;

/** A small JPEG of what the camera shows now, in base64; `null` without a picture. */
export async function still(camera: MediaStreamTrack | null): Promise<string | null> {
  if (!camera || camera.readyState !== 'live' || document.visibilityState !== 'visible') return null;
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([camera]);
  try {
    await video.play();
    const canvas = document.createElement('canvas');
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    canvas.getContext('2d')?.drawImage(video, 0, 0, WIDTH, HEIGHT);
    const base64 = canvas.toDataURL('image/jpeg', 0.6).split(',')[1] ?? '';
    return base64.length > 0 && base64.length <= MOST ? base64 : null;
  } catch {
    return null;
  } finally {
    video.srcObject = null;
  }
}
