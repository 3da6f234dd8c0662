import { defineConfig } from 'vitest/config';

/** `npm run screenshots`: takes docs/screenshots anew, after `npm run build`. */
export default defineConfig({
  test: {
    include: ['tests/screenshots.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
