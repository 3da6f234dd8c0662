/** The names that the service worker and the page give to what they keep in Cache Storage. */

export const shellPrefix = 'samcache-shell-';
/** What every offline project needs: the decoder, the model's facts, the list of projects. */
export const commonCache = 'samcache-common';
export const projectPrefix = 'samcache-project-';

export function projectCache(project: string): string {
  return projectPrefix + project;
}
