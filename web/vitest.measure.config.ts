import { defineConfig } from 'vitest/config';

/** `npm run measure`: writes bench/results. Best on a quiet machine. */
export default defineConfig({
  test: {
    include: ['bench/*.measure.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
});
