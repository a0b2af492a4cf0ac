import type { Way } from './findings';

/**
 * A description of the server's with the candidates of one way alone, so that nothing else can be proven by it. Through a relay
 * they are those that the relay reaches: by UDP.
 */
export function only(sdp: string, way: Way): string {
  const wanted = way === 'tcp' ? 'tcp' : 'udp';
  return sdp.replace(/^a=candidate:\S+ \d+ (\w+) .*\r?\n/gm, (line, transport: string) =>
    transport.toLowerCase() === wanted ? line : '',
  );
}

/** The port that the first candidate names; `null` where there is none. */
export function portOf(sdp: string): number | null {
  const port = /^a=candidate:\S+ \d+ \w+ \d+ \S+ (\d+) /m.exec(sdp)?.[1];
  return port === undefined ? null : Number(port);
}
