import type { IceServer, Layer, PublishParameters, PublishedTrack, Source } from '../protocol';

/** What is asked of the server while the connection is made. */
export interface PublishLine {
  offer(sdp: string, tracks: PublishedTrack[]): void;
  /** The connection failed and cannot be repaired; a new publisher is needed. */
  failed(): void;
}

/**
 * The connection we send with. Its sections are added once; afterwards only the track in a section changes, so nothing is
 * ever renegotiated when a microphone, a camera or a screen is opened or closed.
 */
export class Publisher {
  private readonly connection: RTCPeerConnection;
  private readonly sections = new Map<Source, RTCRtpTransceiver>();

  constructor(
    sources: Source[],
    private readonly parameters: PublishParameters,
    iceServers: IceServer[],
    private readonly line: PublishLine,
  ) {
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
    for (const source of sources) this.sections.set(source, this.section(source));
    this.connection.onconnectionstatechange = () => {
      const state = this.connection.connectionState;
      if (state === 'failed') line.failed();
      if (state === 'disconnected') void this.restart();
    };
  }

  async start(): Promise<void> {
    await this.connection.setLocalDescription();
    this.line.offer(
      this.connection.localDescription!.sdp,
      [...this.sections].map(([source, section]) => ({ mid: section.mid!, source })),
    );
  }

  async answer(sdp: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
  }

  /** Sends only these layers of a simulcast source: nobody has use for the others. */
  async sendLayers(source: Source, layers: string[]): Promise<void> {
    const sender = this.sections.get(source)?.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters || parameters.encodings.length < 2) return;
    for (const encoding of parameters.encodings) encoding.active = layers.includes(encoding.rid!);
    await sender.setParameters(parameters);
  }

  /** Looks for another way through the network; the present one carries on until it is found. */
  async restart(): Promise<void> {
    this.connection.restartIce();
    await this.start();
  }

  async send(source: Source, track: MediaStreamTrack | null): Promise<void> {
    await this.sections.get(source)?.sender.replaceTrack(track);
  }

  /** Nothing is being negotiated, and media flows or did until a moment ago. */
  stands(): boolean {
    const { connectionState, signalingState } = this.connection;
    return signalingState === 'stable' && (connectionState === 'connected' || connectionState === 'disconnected');
  }

  flows(): boolean {
    return this.connection.connectionState === 'connected';
  }

  stats(): Promise<RTCStatsReport> {
    return this.connection.getStats();
  }

  close(): void {
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }

  private section(source: Source): RTCRtpTransceiver {
    const audio = source === 'microphone' || source === 'screen_audio';
    const section = this.connection.addTransceiver(audio ? 'audio' : 'video', {
      direction: 'sendonly',
      sendEncodings: audio ? undefined : this.encodings(source),
    });
    prefer(section, audio ? 'audio/opus' : 'video/VP8');
    return section;
  }

  private encodings(source: Source): RTCRtpEncodingParameters[] {
    const { camera, screen_bitrate_bps, screen_frames_per_second } = this.parameters;
    if (source === 'screen') return [{ maxBitrate: screen_bitrate_bps, maxFramerate: screen_frames_per_second }];
    if (camera.length === 1) return [{ maxBitrate: camera[0]!.bitrate_bps }];
    return camera.map((layer: Layer) => ({
      rid: layer.rid,
      scaleResolutionDownBy: layer.scale_down_by,
      maxBitrate: layer.bitrate_bps,
    }));
  }
}

/** Puts a codec first and leaves the others: Firefox mishandles descriptions from which codecs were removed. */
function prefer(section: RTCRtpTransceiver, mimeType: string): void {
  const kind = mimeType.startsWith('audio') ? 'audio' : 'video';
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const first = codecs.filter((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
  if (first.length === 0) return;
  section.setCodecPreferences?.([...first, ...codecs.filter((codec) => !first.includes(codec))]);
}
