/**
 * An answer that says what went wrong (RFC 9457). The server writes `title` and `detail` in the reader's language and gives
 * each kind a stable name, the last segment of `type`; further members stay in `members`.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly kind: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string = '',
    readonly members: Record<string, unknown> = {},
  ) {
    super(`${status} ${kind}: ${title}`);
  }

  /** Nothing reached the server: a lost line, or the server is not running. */
  static offline(): Problem {
    return new Problem('offline', 0, '');
  }

  static read(status: number, body: unknown): Problem {
    const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    const kind = text(fields.type).split('/').pop() || 'unknown';
    return new Problem(kind, status, text(fields.title), text(fields.detail), fields);
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
