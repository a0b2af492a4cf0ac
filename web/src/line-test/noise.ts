/** No larger than is needed for the bitrate of a good camera: it is encoded and decoded here. */
const [WIDTH, HEIGHT] = [640, 360];
const FRAMES_PER_SECOND = 20;

/** A moving picture of which no encoder can make little: random points, moved about. */
export function noise(): { track: MediaStreamTrack; close(): void } {
  const ground = points(2 * WIDTH, 2 * HEIGHT);
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d')!;
  const draw = () => context.drawImage(ground, -Math.random() * WIDTH, -Math.random() * HEIGHT);
  draw();
  const timer = window.setInterval(draw, 1_000 / FRAMES_PER_SECOND);
  const track = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0]!;
  return {
    track,
    close: () => {
      window.clearInterval(timer);
      track.stop();
    },
  };
}

function points(width: number, height: number): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(width, height);
  new Uint32Array(image.data.buffer).forEach((_, index, pixels) => {
    pixels[index] = 0xff000000 | (Math.random() * 0x1000000);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A soft tone, which nobody hears here; without a device for sound some browsers make none. */
export function tone(): { track: MediaStreamTrack; close(): void } {
  const context = new AudioContext();
  const wave = new OscillatorNode(context, { frequency: 440 });
  const sink = context.createMediaStreamDestination();
  wave.connect(new GainNode(context, { gain: 0.1 })).connect(sink);
  wave.start();
  return { track: sink.stream.getAudioTracks()[0]!, close: () => void context.close() };
}
