/**
 * Changes of images, pushed by the server. `EventSource` can send no token, so the stream is read with `fetch`; it
 * comes back by itself when it breaks off, and then says `onResync`, for something may have been missed.
 */
import { delay } from './connection';
import type { Connection } from './connection';
import { EventParser } from './event-parser';
import type { ServerEvent } from './event-parser';
import type { Image } from './types';

export type StatusChange = Pick<Image, 'id' | 'project' | 'encoding_status' | 'encoding_error' | 'encoded_at'>;

export interface EventListeners {
  onStatus: (change: StatusChange) => void;
  onRemoved: (image: { id: string; project: string }) => void;
  /** Changes may have been missed: read again what is shown. */
  onResync: () => void;
  onConnected?: (connected: boolean) => void;
}

export interface EventOptions {
  project?: string;
  signal: AbortSignal;
}

const firstRetryMs = 500;
const maxRetryMs = 15_000;
/** The server sends something every 15 s; a connection that is silent for longer is dead. */
const maxSilenceMs = 40_000;

/** Resolves when the signal is given, which is the only end. */
export async function watchEvents(
  connection: Connection,
  listeners: EventListeners,
  { project, signal }: EventOptions,
): Promise<void> {
  let failures = 0;
  for (let first = true; !signal.aborted; first = false) {
    try {
      await readStream(connection, project, signal, {
        onOpen: () => {
          failures = 0;
          listeners.onConnected?.(true);
          if (!first) listeners.onResync();
        },
        onEvent: (event) => dispatch(event, listeners),
      });
    } catch {
      // Broken off, refused, silent or nonsense: all are tried again.
    }
    if (signal.aborted) return;
    listeners.onConnected?.(false);
    const wait = Math.min(firstRetryMs * 2 ** failures++, maxRetryMs);
    await delay(wait * (0.5 + Math.random()), signal).catch(() => undefined);
  }
}

async function readStream(
  connection: Connection,
  project: string | undefined,
  signal: AbortSignal,
  { onOpen, onEvent }: { onOpen: () => void; onEvent: (event: ServerEvent) => void },
): Promise<void> {
  const silence = new AbortController();
  const response = await connection.request('/api/v1/events', {
    query: { project },
    headers: { Accept: 'text/event-stream' },
    signal: AbortSignal.any([signal, silence.signal]),
    cache: 'no-store',
  });
  if (!response.body) return;
  onOpen();
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      timer = setTimeout(() => silence.abort(), maxSilenceMs);
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      parser.push(value).forEach(onEvent);
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => undefined);
  }
}

function dispatch(event: ServerEvent, listeners: EventListeners): void {
  const call = callFor(event, listeners);
  // In a task of its own: what a listener throws is its own fault, and no reason to connect again.
  if (call) queueMicrotask(call);
}

function callFor({ type, data }: ServerEvent, listeners: EventListeners): (() => void) | null {
  switch (type) {
    case 'status': {
      const change = JSON.parse(data) as StatusChange;
      return () => listeners.onStatus(change);
    }
    case 'removed': {
      const image = JSON.parse(data) as { id: string; project: string };
      return () => listeners.onRemoved(image);
    }
    case 'resync':
      return () => listeners.onResync();
    default:
      return null;
  }
}
