/**
 * Serves the app when the server is away.
 *
 * The app's own files are kept under the version of their build, all but the large WebAssembly files when this worker is
 * installed, those when they are first used. They come from here first, so the app starts at once; a new version waits
 * until no page of the old one is open, or until a page says so.
 *
 * Of the server's answers only what a page put into Cache Storage (offline-copies.ts) is kept. What never changes comes
 * from there first; everything else from the network, and from there when the network does not answer. Errors are never
 * kept. Encodings have a cache of their own and are not touched.
 */
import { commonCache, projectPrefix, shellPrefix } from './offline-caches';

declare const self: ServiceWorkerGlobalScope;
/** Put in by the build. */
declare const APP_SHELL: { version: string; files: string[] };

const shellCache = shellPrefix + APP_SHELL.version;
const shellFiles = new Set(APP_SHELL.files);
/** A server that takes longer than this is as good as away, when there is a copy. */
const networkPatienceMs = 4000;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('message', ({ data }) => {
  if (data === 'activate') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const answer = answerTo(event.request);
  if (answer) event.respondWith(answer);
});

async function install(): Promise<void> {
  const cache = await caches.open(shellCache);
  const early = APP_SHELL.files.filter((file) => !file.endsWith('.wasm'));
  await cache.addAll(early.map((file) => new Request(file, { cache: 'no-cache' })));
}

async function activate(): Promise<void> {
  const cache = await caches.open(shellCache);
  const old = (await caches.keys()).filter((name) => name.startsWith(shellPrefix) && name !== shellCache);
  for (const name of old) {
    await keepWhatStays(await caches.open(name), cache);
    await caches.delete(name);
  }
  await self.clients.claim();
}

/** Large files have the same name as long as they are the same: nobody wants to fetch them again. */
async function keepWhatStays(from: Cache, to: Cache): Promise<void> {
  for (const request of await from.keys()) {
    const path = new URL(request.url).pathname;
    if (!path.endsWith('.wasm') || !shellFiles.has(path)) continue;
    const response = await from.match(request);
    if (response) await to.put(request, response);
  }
}

/** null: the browser does as if there were no service worker. */
function answerTo(request: Request): Promise<Response> | null {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return null;
  if (request.mode === 'navigate') return isAppPage(url) ? fromShell(request, '/') : null;
  if (shellFiles.has(url.pathname)) return fromShell(request, url.pathname);
  if (!url.pathname.startsWith('/api/v1/') || !isForUs(request, url)) return null;
  return isImmutable(url) ? copyFirst(request) : networkFirst(request);
}

/** The server has pages of its own: what it says of itself, its adapters, its API. */
function isAppPage({ pathname }: URL): boolean {
  return pathname === '/' || /^\/(projects|unsorted|images|storage|settings)(\/|$)/.test(pathname);
}

/** Streams of events must not be touched, encodings and ranges are not kept here. */
function isForUs(request: Request, url: URL): boolean {
  const isStream = url.pathname.endsWith('/events');
  return !isStream && !url.pathname.endsWith('/encoding') && !request.headers.has('Range');
}

function isImmutable(url: URL): boolean {
  return /\/(content|thumbnail)$/.test(url.pathname) || url.pathname.endsWith('.onnx');
}

async function fromShell(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(shellCache);
  const kept = await cache.match(path);
  if (kept) return kept;
  const response = await fetch(request);
  if (isWorthKeeping(response) && shellFiles.has(path)) await cache.put(path, response.clone());
  return response;
}

async function copyFirst(request: Request): Promise<Response> {
  return (await findCopy(request))?.response ?? fetch(request);
}

async function networkFirst(request: Request): Promise<Response> {
  const copy = await findCopy(request);
  if (!copy) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(networkPatienceMs) });
    if (isWorthKeeping(response)) await copy.cache.put(request, response.clone());
    return response.status >= 500 ? copy.response : response;
  } catch {
    return copy.response;
  }
}

interface Copy {
  cache: Cache;
  response: Response;
}

async function findCopy(request: Request): Promise<Copy | null> {
  const names = (await caches.keys()).filter((name) => name === commonCache || name.startsWith(projectPrefix));
  for (const name of names) {
    const cache = await caches.open(name);
    const response = await cache.match(request, { ignoreVary: true });
    if (response) return { cache, response };
  }
  return null;
}

function isWorthKeeping(response: Response): boolean {
  return response.status === 200 && response.type === 'basic';
}
