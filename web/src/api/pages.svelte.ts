import { resource } from './resource.svelte';
import type { Page } from './types';

export interface Pages<Item, Answer extends Page<Item>> {
  /** The first answer, with whatever else it says of the list. */
  readonly first: Answer | undefined;
  /** Everything that has been asked for. */
  readonly items: Item[];
  /** Whether there is more. */
  readonly more: boolean;
  readonly busy: boolean;
  /** Why the list cannot be shown. */
  readonly problem: unknown;
  /** Why it does not go on. */
  readonly stuck: unknown;
  reload(): void;
  follow(): Promise<void>;
}

/** A list that comes in pages; it begins anew when a value that `ask` reads changes. */
export function pages<Item, Answer extends Page<Item> = Page<Item>>(
  ask: (after: string | undefined, signal?: AbortSignal) => Promise<Answer | undefined>,
): Pages<Item, Answer> {
  let rest = $state.raw<Page<Item>>();
  let busy = $state(false);
  let stuck = $state.raw<unknown>();
  const first = resource((signal) => {
    const answer = ask(undefined, signal);
    rest = undefined;
    stuck = undefined;
    return answer;
  });
  const items = $derived([...(first.data?.items ?? []), ...(rest?.items ?? [])]);
  const next = $derived(rest ? rest.next : first.data?.next);

  return {
    get first() {
      return first.data;
    },
    get items() {
      return items;
    },
    get more() {
      return Boolean(next);
    },
    get busy() {
      return busy;
    },
    get problem() {
      return first.problem;
    },
    get stuck() {
      return stuck;
    },
    reload: first.reload,
    async follow() {
      if (!next || busy) return;
      busy = true;
      stuck = undefined;
      try {
        const page = await ask(next);
        rest = { next: page?.next, items: [...(rest?.items ?? []), ...(page?.items ?? [])] };
      } catch (cause) {
        stuck = cause;
      } finally {
        busy = false;
      }
    },
  };
}
