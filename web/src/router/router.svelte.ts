import type { Component } from 'svelte';
import { match, type Params } from './match';

export interface Route {
  /** One or more patterns shown by the same page; `:name` segments become its props. */
  paths: string[];
  // Pages take different props; the router fills them from the path.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  load: () => Promise<{ default: Component<any> }>;
  /** `person` pages ask for log-in first. */
  access: 'public' | 'person';
  /** `bar`: under the bar with the four places. `bare`: the page fills the window itself. */
  frame: 'bar' | 'bare';
  /** Which of the places is current; those who administer have one more. */
  place?: 'work' | 'documents' | 'meetings' | 'verify' | 'admin';
}

export interface Found {
  route: Route;
  params: Params;
}

let path = $state(location.pathname);
let query = $state.raw(new URLSearchParams(location.search));

export const here = {
  get path() {
    return path;
  },
  get query() {
    return query;
  },
};

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  read();
}

export function find(routes: Route[], at: string): Found | undefined {
  for (const route of routes) {
    for (const pattern of route.paths) {
      const params = match(pattern, at);
      if (params) return { route, params };
    }
  }
  return undefined;
}

/** Lets ordinary links and the browser's back and forward move between pages without a reload. */
export function listen(): () => void {
  addEventListener('popstate', read);
  document.addEventListener('click', follow);
  return () => {
    removeEventListener('popstate', read);
    document.removeEventListener('click', follow);
  };
}

function read(): void {
  path = location.pathname;
  // A new object would be a change to everyone who reads it.
  if (query.toString() !== new URLSearchParams(location.search).toString())
    query = new URLSearchParams(location.search);
}

function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link?.href || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || SERVED.test(url.pathname)) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  navigate(url.pathname + url.search + url.hash);
  scrollTo(0, 0);
}

/** Paths the server answers itself. */
const SERVED = /^\/(api|pki|assets|healthz|readyz)(\/|$)/;
