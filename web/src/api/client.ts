import { locale } from '../i18n/locale.svelte';
import { Problem } from './problem';

const BASE = '/api/v1';

type Json = Record<string, unknown> | unknown[];
export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string | undefined>;
  body?: Json;
  signal?: AbortSignal;
}

/** Called when the server no longer knows who is asking; the shell then shows log-in. */
let forgotten: () => void = () => undefined;
export function whenForgotten(callback: () => void): void {
  forgotten = callback;
}

/**
 * One request to the server. Cookies go along because the origin is the same, and the server refuses writes that come from
 * another origin, so no token is needed.
 *
 * @throws {Problem} whenever the answer is not a success.
 */
export async function api<T>(path: string, request: Request = {}): Promise<T> {
  const response = await reach(address(path, request.query), {
    method: request.method ?? 'GET',
    headers: headers(request.body),
    body: request.body && JSON.stringify(request.body),
    signal: request.signal,
  });
  const body = await parse(response);
  if (!response.ok) throw refuse(path, Problem.read(response.status, body));
  return body as T;
}

/**
 * Sends a file as it is and reads the answer.
 *
 * @throws {Problem} like {@link api}.
 */
export async function send<T>(path: string, file: Blob, query: Record<string, string | undefined> = {}): Promise<T> {
  const init = { method: 'POST', headers: { ...headers(undefined), 'content-type': file.type }, body: file };
  const response = await reach(address(path, query), init);
  const body = await parse(response);
  if (!response.ok) throw refuse(path, Problem.read(response.status, body));
  return body as T;
}

/**
 * A file that is made for the question, a preview for instance.
 *
 * @throws {Problem} like {@link api}.
 */
export async function bytes(path: string, body: Json | FormData, signal?: AbortSignal): Promise<Uint8Array> {
  const isForm = body instanceof FormData;
  const common = { ...headers(isForm ? undefined : body), accept: `application/pdf, ${ACCEPT}` };
  const init = { method: 'POST', headers: common, body: isForm ? body : JSON.stringify(body), signal };
  const response = await reach(address(path), init);
  if (!response.ok) throw refuse(path, Problem.read(response.status, await parse(response)));
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Sends files and reports how much has gone, from 0 to 1. `fetch` cannot tell that, so this is the older interface.
 *
 * @throws {Problem} like {@link api}.
 */
export function upload<T>(path: string, form: FormData, progress: (share: number) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address(path));
    request.responseType = 'json';
    request.setRequestHeader('accept', ACCEPT);
    request.setRequestHeader('accept-language', locale());
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(Problem.offline());
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as T);
      else reject(refuse(path, Problem.read(request.status, request.response)));
    };
    request.send(form);
  });
}

/** The address of something the browser loads itself, a file for instance. */
export function address(path: string, query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  return BASE + path + (search && `?${search}`);
}

/** The address of a WebSocket. */
export function socketAddress(path: string, query: Record<string, string | undefined> = {}): string {
  const url = new URL(address(path, query), location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

const ACCEPT = 'application/json, application/problem+json';

function headers(body: unknown): Record<string, string> {
  const common = { accept: ACCEPT, 'accept-language': locale() };
  return body ? { ...common, 'content-type': 'application/json' } : common;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause;
    throw Problem.offline();
  }
}

async function parse(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  return /json/.test(response.headers.get('content-type') ?? '') ? response.json() : undefined;
}

const LOG_IN = /^\/session(\/provider|\/passkey\b|$)/;

/** A 401 anywhere but at log-in itself means that the session has ended. */
function refuse(path: string, problem: Problem): Problem {
  if (problem.status === 401 && !LOG_IN.test(path)) forgotten();
  return problem;
}
