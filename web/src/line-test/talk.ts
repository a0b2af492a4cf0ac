import { api, socketAddress } from '../api/client';
import { Problem } from '../api/problem';
import type { IceServer } from '../meeting/protocol';
import type { Ask, Measured, Say } from './protocol';

type Answer = 'publish_answer' | 'subscribe_offer' | 'pong';
type Said<Type extends Say['type']> = Extract<Say, { type: Type }>;

/** Why the socket is of no use: it never opened, or it was closed. */
export class Silence extends Error {
  constructor(readonly opened: boolean) {
    super(opened ? 'the socket was closed' : 'the socket did not open');
  }
}

/** Longer than any answer takes on a line on which people can meet. */
const PATIENCE_MS = 10_000;

/** The socket of a test: one question after the other, and what the server says in between. */
export class Talk {
  sendsThrough: IceServer[] = [];
  receivesThrough: IceServer[] = [];
  measured: (measured: Measured) => void = () => undefined;
  ports: Said<'ports'> | null = null;

  private waits: { type: Say['type']; take(said: Say): void; fail(cause: Error): void } | null = null;
  private closed = false;

  private constructor(private readonly socket: WebSocket) {
    socket.onmessage = (event) => this.take(JSON.parse(event.data as string) as Say);
    socket.onclose = () => this.lose();
  }

  /**
   * Asks for a place and opens its socket.
   *
   * @throws {Problem} where the server gives none. @throws {Silence}
   */
  static async open(link: string | null): Promise<Talk> {
    const body = link === null ? {} : { link };
    const { word } = await api<{ word: string }>('/line-tests', { method: 'POST', body });
    const talk = new Talk(new WebSocket(socketAddress(`/line-tests/${word}/socket`)));
    try {
      const welcome = await talk.next('welcome');
      talk.sendsThrough = welcome.sends_through;
      talk.receivesThrough = welcome.receives_through;
      return talk;
    } catch (cause) {
      talk.close();
      throw cause instanceof Silence ? new Silence(false) : cause;
    }
  }

  async ask<Type extends Answer>(message: Ask, answer: Type): Promise<Said<Type>> {
    if (this.closed) throw new Silence(true);
    this.tell(message);
    return this.next(answer);
  }

  tell(message: Ask): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  close(): void {
    this.socket.onclose = null;
    this.socket.close();
    this.lose();
  }

  private next<Type extends Say['type']>(type: Type): Promise<Said<Type>> {
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => settle(() => reject(new Silence(true))), PATIENCE_MS);
      const settle = (done: () => void) => {
        window.clearTimeout(timer);
        this.waits = null;
        done();
      };
      this.waits = {
        type,
        take: (said) => settle(() => resolve(said as Said<Type>)),
        fail: (cause) => settle(() => reject(cause)),
      };
    });
  }

  private take(said: Say): void {
    if (said.type === 'measured') this.measured(said.measured);
    else if (said.type === 'ports') this.ports = said;
    else if (said.type === 'error') this.waits?.fail(new Problem(said.error, 0, said.sentence));
    else if (said.type === this.waits?.type) this.waits.take(said);
  }

  private lose(): void {
    this.closed = true;
    this.waits?.fail(new Silence(true));
  }
}
