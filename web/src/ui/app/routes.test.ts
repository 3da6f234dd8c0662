// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';

import { navigate, parseRoute, pathOf, route, type Route } from './routes';

describe('addresses', () => {
  it.each<Route>([
    { page: 'projects' },
    { page: 'project', project: 'cats' },
    { page: 'project', project: '' },
    { page: 'project', project: 'v1.2_final-x' },
    { page: 'image', id: '2cf24dba-5fb0-8a30-a6e8-3b2ac5b9e29e' },
    { page: 'storage' },
    { page: 'settings' },
  ])('lead back to the page they were made for: %o', (page) => {
    expect(parseRoute(pathOf(page))).toEqual(page);
  });

  it.each(['/', '', '/nowhere', '/projects', '/images', '/projects/'])('%s leads to the projects', (path) => {
    expect(parseRoute(path)).toEqual({ page: 'projects' });
  });

  it('may be malformed', () => {
    expect(parseRoute('/projects/%E0%A4%A')).toEqual({ page: 'project', project: '%E0%A4%A' });
  });

  it('follow the page, and Back', async () => {
    navigate({ page: 'storage' });
    expect(window.location.pathname).toBe('/storage');
    navigate({ page: 'settings' });
    const gone = new Promise((resolve) => {
      window.addEventListener('popstate', resolve, { once: true });
    });
    window.history.back();
    await gone;
    expect(route.get()).toEqual({ page: 'storage' });
  });
});
