import type { IceServer } from '../protocol';

/** What is asked of the server while the connection is made. */
export interface SubscribeLine {
  answer(sdp: string): void;
  /** A section has its track. */
  changed(): void;
  /** Nothing comes any more; another way through the network may be found. */
  disconnected(): void;
  failed(): void;
}

/** The connection we receive with: a fixed number of sections, whose content the server changes. */
export class Subscriber {
  private readonly connection: RTCPeerConnection;
  private readonly tracks = new Map<string, MediaStreamTrack>();

  constructor(
    iceServers: IceServer[],
    private readonly line: SubscribeLine,
  ) {
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
    this.connection.ontrack = ({ transceiver, track }) => {
      this.tracks.set(transceiver.mid!, track);
      line.changed();
    };
    this.connection.onconnectionstatechange = () => {
      const state = this.connection.connectionState;
      if (state === 'failed') line.failed();
      if (state === 'disconnected') line.disconnected();
    };
  }

  async offer(sdp: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'offer', sdp });
    await this.connection.setLocalDescription();
    this.line.answer(this.connection.localDescription!.sdp);
  }

  /** The sections that have a picture, with their tracks. */
  pictures(): [string, MediaStreamTrack][] {
    return [...this.tracks].filter(([, track]) => track.kind === 'video');
  }

  track(mid: string): MediaStreamTrack | null {
    return this.tracks.get(mid) ?? null;
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
    this.connection.ontrack = null;
    this.connection.close();
  }
}
