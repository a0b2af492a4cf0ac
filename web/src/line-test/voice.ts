const RECORDED_MS = 3_000;

/**
 * Records a few seconds of a microphone and plays them, on this machine alone.
 *
 * @param plays called when the recording is over and is being played
 */
export async function hearVoice(
  microphone: MediaStreamTrack,
  speaker: string | null,
  plays: () => void,
): Promise<void> {
  const recorder = new MediaRecorder(new MediaStream([microphone]));
  const stopped = new Promise<Blob>((resolve) => (recorder.ondataavailable = (event) => resolve(event.data)));
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, RECORDED_MS));
  recorder.stop();
  const address = URL.createObjectURL(await stopped);
  try {
    const player = new Audio(address);
    if (speaker) await player.setSinkId?.(speaker).catch(() => undefined);
    plays();
    const ended = new Promise((resolve) => (player.onended = player.onerror = resolve));
    await player.play();
    await ended;
  } finally {
    URL.revokeObjectURL(address);
  }
}
