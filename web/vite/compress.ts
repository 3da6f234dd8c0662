/**
 * Puts `NAME.gz` beside every file of the build that gains from it: the server sends that where the browser takes it, and
 * never compresses anything twice.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const worthIt = /\.(html|js|mjs|css|svg|wasm|webmanifest)$/;
const leastBytes = 1024;

export function compress(): Plugin {
  let folder = '';
  return {
    name: 'samcache-compress',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const file = join(folder, name);
        if (!worthIt.test(name) || statSync(file).size < leastBytes) continue;
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
      }
    },
  };
}
