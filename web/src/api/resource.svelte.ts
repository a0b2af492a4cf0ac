export interface Resource<T> {
  readonly data: T | undefined;
  readonly problem: unknown;
  reload(): void;
  /** Shows an answer that came another way, the result of an action for instance. */
  set(data: T): void;
}

/**
 * Something a page shows that comes from the server. It loads again when a value that `load` reads changes; an answer that
 * comes too late is dropped. What was shown stays while it loads again.
 */
export function resource<T>(load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  let data = $state.raw<T>();
  let problem = $state.raw<unknown>();
  let asked = $state(0);

  $effect(() => {
    void asked;
    const abort = new AbortController();
    load(abort.signal).then(
      (answer) => {
        if (abort.signal.aborted) return;
        data = answer;
        problem = undefined;
      },
      (cause) => {
        if (!abort.signal.aborted) problem = cause;
      },
    );
    return () => abort.abort();
  });

  return {
    get data() {
      return data;
    },
    get problem() {
      return problem;
    },
    reload: () => void asked++,
    set(answer) {
      data = answer;
      problem = undefined;
    },
  };
}

/** Asks again every few seconds while `wanted` holds and the page is looked at: a time-stamp that is awaited, an arrival. */
export function poll(wanted: () => boolean, again: () => void, everyMs = 3000): void {
  $effect(() => {
    if (!wanted()) return;
    const timer = setInterval(() => {
      if (globalThis.document.visibilityState === 'visible') again();
    }, everyMs);
    return () => clearInterval(timer);
  });
}
