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

export const hasCandidates = (sdp: string): boolean => /^a=candidate:/m.test(sdp);
