import type { Conclusion, MinutesState, Note, ServerMessage, Writing } from '../protocol';
import { minutesOf, writeDown, type Minutes } from './minutes';

/** What chair and secretary have written down in one meeting, as it stands at the server. */
export class Book {
  notes = $state.raw<Note[]>([]);
  conclusions = $state.raw<Conclusion[]>([]);
  /** Everything else that came of the meeting; nothing before it was loaded. */
  rest = $state.raw<Minutes>();
  problem = $state.raw<unknown>();

  constructor(readonly meeting: string) {}

  /** As the room tells it to who comes in or comes back. */
  fill(state: MinutesState | null): void {
    if (!state) return;
    this.notes = state.notes;
    this.conclusions = state.conclusions;
  }

  async load(signal?: AbortSignal): Promise<void> {
    try {
      const loaded = await minutesOf(this.meeting, signal);
      this.rest = loaded;
      this.notes = loaded.notes;
      this.conclusions = loaded.conclusions;
      this.problem = undefined;
    } catch (cause) {
      if (!signal?.aborted) this.problem = cause;
    }
  }

  /** Writes, then looks at what stands: also where it was refused, because somebody else has written. */
  async write(writing: Writing): Promise<void> {
    try {
      await writeDown(this.meeting, writing);
    } finally {
      await this.load();
    }
  }

  note(item: number | null): Note | undefined {
    return this.notes.find((one) => one.item === item);
  }

  conclusion(id: number): Conclusion | undefined {
    return this.conclusions.find((one) => one.id === id);
  }

  /** Takes a message of the room; `false` where it is of something else. */
  take(message: ServerMessage): boolean {
    if (message.type === 'note') {
      const others = this.notes.filter((one) => one.item !== message.note.item);
      this.notes = [...others, message.note];
      return true;
    }
    if (message.type === 'conclusions') {
      this.conclusions = message.conclusions;
      return true;
    }
    return false;
  }
}
