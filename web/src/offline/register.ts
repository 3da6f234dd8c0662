/** The service worker's registration, from the page's side. */

/** A new version of the app is there and waits. */
export interface Update {
  /** Puts it in place and loads the page anew. */
  apply(): void;
}

/** Without service workers (an old browser, a page without HTTPS) the app works as long as the server is there. */
export async function registerServiceWorker(onUpdate: (update: Update) => void): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false;
  try {
    const registration = await navigator.serviceWorker.register('/service-worker.js', { updateViaCache: 'none' });
    const tell = (worker: ServiceWorker) => onUpdate({ apply: () => replaceBy(worker) });
    if (registration.waiting) tell(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        if (worker.state === 'installed' && navigator.serviceWorker.controller) tell(worker);
      });
    });
    return true;
  } catch {
    return false;
  }
}

function replaceBy(worker: ServiceWorker): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  worker.postMessage('activate');
}
