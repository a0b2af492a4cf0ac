/** Microphones, cameras and loudspeakers of this machine, and which of them the person chose last. */
export type DeviceKind = 'audioinput' | 'videoinput' | 'audiooutput';

export interface Device {
  id: string;
  label: string;
}

/** Why a device could not be opened, as the page has a sentence for it. */
export type Hindrance = 'denied' | 'missing' | 'busy' | 'unsupported';

export class DeviceError extends Error {
  constructor(readonly hindrance: Hindrance) {
    super(hindrance);
  }
}

export async function devices(kind: DeviceKind): Promise<Device[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter((device) => device.kind === kind && device.deviceId !== '')
    .map((device, index) => ({ id: device.deviceId, label: device.label || `${index + 1}` }));
}

/** @throws {DeviceError} */
export function openMicrophone(): Promise<MediaStreamTrack> {
  return open('audioinput', (deviceId) => ({
    audio: { deviceId, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  }));
}

/** @throws {DeviceError} */
export function openCamera(): Promise<MediaStreamTrack> {
  return open('videoinput', (deviceId) => ({
    video: { deviceId, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } },
  }));
}

/** The shared screen and, where the browser gives it, its sound. `null` when the person thought better of it. */
export async function openScreen(framesPerSecond: number): Promise<MediaStreamTrack[] | null> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { max: framesPerSecond } },
      audio: true,
    });
    for (const track of stream.getVideoTracks()) track.contentHint = 'detail';
    return stream.getTracks();
  } catch (cause) {
    if ((cause as DOMException).name === 'NotAllowedError') return null;
    throw new DeviceError('unsupported');
  }
}

export function chosen(kind: DeviceKind): string | null {
  try {
    return localStorage.getItem(KEY + kind);
  } catch {
    return null;
  }
}

export function choose(kind: DeviceKind, id: string): void {
  try {
    localStorage.setItem(KEY + kind, id);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}

/** The chosen device if it is plugged in, else the one the system prefers: a headset left at home is no reason to fail. */
async function open(
  kind: 'audioinput' | 'videoinput',
  constraints: (deviceId: ConstrainDOMString | undefined) => MediaStreamConstraints,
): Promise<MediaStreamTrack> {
  if (!navigator.mediaDevices) throw new DeviceError('unsupported');
  const wanted = chosen(kind);
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints(wanted ? { ideal: wanted } : undefined));
    return stream.getTracks()[0]!;
  } catch (cause) {
    throw new DeviceError(HINDRANCES[(cause as DOMException).name] ?? 'busy');
  }
}

const HINDRANCES: Record<string, Hindrance> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
};
const KEY = 'hoian.device.';
