/** Requests with a token, with errors that say what happened, and with patience for a server that is busy. */
import { ApiError } from './api-error';

export interface ConnectionOptions {
  /** Where the server is; empty: where this page came from. */
  baseUrl?: string;
  /** Asked before every request, as people change it. */
  token?: () => string | null;
  fetch?: typeof fetch;
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  signal?: AbortSignal;
  /** Of `fetch`. */
  cache?: RequestCache;
}

/** How often a question is asked again when the server is busy, and how long it may make us wait for it. */
const maxRetries = 2;
const maxRetryWaitMs = 5_000;
const defaultRetryWaitMs = 500;

export class Connection {
  readonly baseUrl: string;
  readonly token: () => string | null;
  private readonly fetch: typeof fetch;

  constructor(options: ConnectionOptions = {}) {
    this.baseUrl = options.baseUrl ?? '';
    this.token = options.token ?? (() => null);
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
  }

  /** A successful answer; all others are an ApiError, and an abort is what `signal` says. */
  async request(path: string, options: RequestOptions = {}): Promise<Response> {
    const repeatable = (options.method ?? 'GET') === 'GET';
    for (let retries = 0; ; ++retries) {
      try {
        return await this.requestOnce(path, options);
      } catch (error) {
        const wait = repeatable && retries < maxRetries ? waitBeforeRetry(error) : null;
        if (wait === null) throw error;
        await delay(wait * (0.75 + Math.random() / 2), options.signal);
      }
    }
  }

  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.request(path, options);
    return readBody(() => response.json() as Promise<T>, options.signal);
  }

  url(path: string, query: RequestOptions['query'] = {}): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const text = parameters.toString();
    return this.baseUrl + path + (text && `?${text}`);
  }

  authorization(): Record<string, string> {
    const token = this.token();
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  private async requestOnce(path: string, options: RequestOptions): Promise<Response> {
    const { method = 'GET', query, headers, json, signal, cache } = options;
    let response: Response;
    try {
      response = await this.fetch(this.url(path, query), {
        method,
        headers: {
          ...this.authorization(),
          ...(json !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        ...(signal && { signal }),
        ...(cache && { cache }),
      });
    } catch (error) {
      throw signal?.aborted ? error : ApiError.unreachable(error);
    }
    if (!response.ok) throw await ApiError.from(response);
    return response;
  }
}

/** A body can break off as a request can. */
export async function readBody<T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw signal?.aborted ? error : ApiError.unreachable(error);
  }
}

/** Resolves after a while; rejects at once when the signal is given. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

function waitBeforeRetry(error: unknown): number | null {
  if (!(error instanceof ApiError) || error.isUnreachable || !error.isTemporary) return null;
  const wait = error.retryAfterMs ?? defaultRetryWaitMs;
  return wait <= maxRetryWaitMs ? wait : null;
}
