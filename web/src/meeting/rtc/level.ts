/** How loud a microphone is, ten times a second, from 0 to 1 on a scale on which a normal voice is about a half. */
export class Level {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly timer: number;

  constructor(track: MediaStreamTrack, heard: (level: number) => void) {
    this.analyser.fftSize = 1024;
    this.context.createMediaStreamSource(new MediaStream([track])).connect(this.analyser);
    const samples = new Float32Array(this.analyser.fftSize);
    this.timer = window.setInterval(() => {
      // Where the browser does not let it run, nothing was listened to.
      if (this.context.currentTime === 0) return;
      this.analyser.getFloatTimeDomainData(samples);
      heard(scale(samples));
    }, 100);
  }

  close(): void {
    window.clearInterval(this.timer);
    void this.context.close();
  }
}

/** Quietest and loudest of the scale in dBFS: a silent room, and a voice close to the microphone. */
const QUIET_DB = -60;
const LOUD_DB = -12;

export function scale(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(power + 1e-12);
  return Math.min(1, Math.max(0, (decibels - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

/** Above this somebody is speaking, not breathing. */
export const SPEECH = 0.4;

/** Two strokes of a soft bell, made here so that no file has to be loaded. */
export async function ring(speaker: string | null): Promise<void> {
  const context = new AudioContext();
  const sink = context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  if (speaker) await sink.setSinkId?.(speaker).catch(() => undefined);
  await context.resume();
  for (const [start, pitch] of [
    [0, 659],
    [0.35, 523],
  ] as const) {
    const tone = new OscillatorNode(context, { frequency: pitch });
    const volume = new GainNode(context, { gain: 0 });
    const begin = context.currentTime + start;
    volume.gain.linearRampToValueAtTime(0.3, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 1.2);
    tone.connect(volume).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + 1.3);
  }
  await new Promise((resolve) => setTimeout(resolve, 1700));
  await context.close();
}
