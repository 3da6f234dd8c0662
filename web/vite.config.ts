import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compress } from './vite/compress.ts';
import { serviceWorker } from './vite/service-worker.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `npm run dev` shows the app of this folder over a server that runs elsewhere. */
const server = process.env.SAMCACHE_SERVER ?? 'http://127.0.0.1:8080';

/** Threads in WebAssembly need a page that is isolated from other origins. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The server lets a file be cached for ever when it sees a hash in its name: hexadecimal digits, no other letters. */
const named = { hashCharacters: 'hex' } as const;

export default defineConfig({
  plugins: [
    react(),
    serviceWorker({ entry: here('./src/offline/service-worker.ts'), publicDir: here('./public') }),
    compress(),
  ],
  worker: { format: 'es', rolldownOptions: { output: named } },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  build: { target: 'es2023', sourcemap: true, rolldownOptions: { output: named } },
  server: {
    headers: isolation,
    proxy: {
      '/api': { target: server, ws: true },
      '/healthz': server,
      '/readyz': server,
    },
  },
  preview: { headers: isolation },
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    benchmark: { include: ['src/**/*.bench.ts'] },
  },
});
