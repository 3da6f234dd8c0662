import { defineConfig } from 'vitest/config';

/** The app in a browser, with a real server: what `npm run e2e` runs, after `npm run build`. */
export default defineConfig({
  test: {
    include: ['tests/**/*.e2e.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
