import type { IceServer, PublishedTrack } from '../meeting/protocol';
import { only, portOf } from './description';
import type { Tried, Way } from './findings';
import type { Talk } from './talk';

/** For UDP a second is long; TCP and TLS shake hands first, over lines that may be slow. */
const PATIENCE_MS: Record<Way, number> = { udp: 5_000, tcp: 7_000, turn_tcp: 7_000, turn_tls: 7_000 };

/** Tries one way alone: whether a connection stands by it, and over which pair. */
export async function attempt(way: Way, talk: Talk, signal: AbortSignal): Promise<Tried> {
  const closed: Tried = { standing: 'closed', ms: null, port: null, pair: null };
  if (isRelayed(way) && relays(way, talk.sendsThrough).length === 0) return closed;
  const connection = connect(way, talk.sendsThrough);
  try {
    connection.addTransceiver('audio', { direction: 'sendonly' });
    const begun = performance.now();
    const answer = await publish(connection, talk, ['microphone']);
    const sdp = only(answer, way);
    const offered = portOf(sdp);
    if (offered === null) return closed;
    await connection.setRemoteDescription({ type: 'answer', sdp });
    const stands = await settled(connection, PATIENCE_MS[way], signal);
    if (!stands) return { ...closed, standing: 'fails', port: isRelayed(way) ? null : offered };
    const ms = Math.round(performance.now() - begun);
    return { standing: 'works', ms, ...(await pairOf(connection, signal)) };
  } finally {
    connection.close();
  }
}

/** A connection that knows no way but this one: of relays none, or nothing but them. */
export function connect(way: Way, servers: IceServer[]): RTCPeerConnection {
  const through = isRelayed(way);
  return new RTCPeerConnection({
    bundlePolicy: 'max-bundle',
    iceServers: through ? relays(way, servers) : [],
    iceTransportPolicy: through ? 'relay' : 'all',
  });
}

/** Offers what is sent, section by section, and returns the answer. */
export async function publish(
  connection: RTCPeerConnection,
  talk: Talk,
  sources: PublishedTrack['source'][],
): Promise<string> {
  await connection.setLocalDescription();
  const sections = connection.getTransceivers();
  const tracks = sources.map((source, index) => ({ mid: sections[index]!.mid!, source }));
  const offer = { type: 'publish_offer' as const, sdp: connection.localDescription!.sdp, tracks };
  return (await talk.ask(offer, 'publish_answer')).sdp;
}

/** Waits until a connection stands; `false` where it fails or takes too long. @throws the signal's reason */
export function settled(connection: RTCPeerConnection, patience: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => done(false), patience);
    const abort = () => {
      window.clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const done = (stands: boolean) => {
      window.clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(stands);
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const look = () => {
      if (connection.connectionState === 'connected') done(true);
      if (connection.connectionState === 'failed') done(false);
    };
    connection.onconnectionstatechange = look;
    look();
  });
}

const isRelayed = (way: Way): boolean => way === 'turn_tcp' || way === 'turn_tls';

/** The servers of this kind: `turn:` over TCP, or `turns:`. */
function relays(way: Way, servers: IceServer[]): IceServer[] {
  const scheme = way === 'turn_tls' ? 'turns:' : 'turn:';
  return servers
    .map((server) => ({ ...server, urls: server.urls.filter((url) => url.startsWith(scheme)) }))
    .filter((server) => server.urls.length > 0);
}

type Entry = Record<string, unknown> & { id: string; type: string };

/** How often it is asked for, and how long apart: statistics follow what happened by a moment. */
const LOOKS = 10;
const LOOK_MS = 100;

async function pairOf(connection: RTCPeerConnection, signal: AbortSignal): Promise<Pick<Tried, 'port' | 'pair'>> {
  for (let look = 0; look < LOOKS; look++) {
    const entries = [...(await connection.getStats()).values()] as Entry[];
    const pair = entries.find((one) => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
    const local = entries.find((one) => one.id === pair?.localCandidateId);
    const remote = entries.find((one) => one.id === pair?.remoteCandidateId);
    if (local && remote) {
      const end = (one: Entry) => `${String(one.candidateType)}/${String(one.relayProtocol ?? one.protocol)}`;
      // Through a relay the candidate's port is not the one that is reached.
      const port = local.candidateType === 'relay' ? null : Number(remote.port);
      return { port, pair: `${end(local)} → ${end(remote)}` };
    }
    await pause(LOOK_MS, signal);
  }
  return { port: null, pair: null };
}

/** @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      window.clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = window.setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
