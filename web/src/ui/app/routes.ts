/** The app's addresses. What is not known leads to the list of projects. */
import { Store } from './store';

export type Route =
  | { page: 'projects' }
  | { page: 'project'; project: string } // empty: the images without one
  | { page: 'image'; id: string }
  | { page: 'storage' }
  | { page: 'settings' };

export function parseRoute(path: string): Route {
  const [first, second] = path.split('/').filter(Boolean).map(decoded);
  if (first === 'projects' && second) return { page: 'project', project: second };
  if (first === 'unsorted') return { page: 'project', project: '' };
  if (first === 'images' && second) return { page: 'image', id: second };
  if (first === 'storage' || first === 'settings') return { page: first };
  return { page: 'projects' };
}

export function pathOf(route: Route): string {
  switch (route.page) {
    case 'projects':
      return '/';
    case 'project':
      return route.project ? `/projects/${encodeURIComponent(route.project)}` : '/unsorted';
    case 'image':
      return `/images/${encodeURIComponent(route.id)}`;
    case 'storage':
    case 'settings':
      return `/${route.page}`;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray percent sign
  }
}

export const route = new Store<Route>(parseRoute(window.location.pathname));

window.addEventListener('popstate', () => {
  route.set(parseRoute(window.location.pathname));
});

/** `replace`: Back does not lead here, as between the images of one sitting. */
export function navigate(to: Route, options: { replace?: boolean } = {}): void {
  const path = pathOf(to);
  if (path === window.location.pathname) return;
  if (options.replace) window.history.replaceState(null, '', path);
  else window.history.pushState(null, '', path);
  route.set(to);
}
