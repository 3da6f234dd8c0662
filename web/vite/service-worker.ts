/**
 * Builds the service worker into dist/service-worker.js: one classic script, so that every browser takes it, in which
 * `APP_SHELL` stands for the files of this very build.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin, type Rolldown } from 'vite';

interface AppShell {
  /** Changes whenever a file of the app does. */
  version: string;
  /** Absolute paths, `/` for the page itself. */
  files: string[];
}

type Bundle = Record<string, { code: string } | { source: string | Uint8Array }>;

export function serviceWorker(options: { entry: string; publicDir: string }): Plugin {
  return {
    name: 'samcache-service-worker',
    apply: 'build',
    enforce: 'post', // the page itself is among the files by then
    async generateBundle(_, bundle) {
      const shell = describeShell(bundle, options.publicDir);
      const built = await build({
        configFile: false,
        publicDir: false,
        logLevel: 'warn',
        define: { APP_SHELL: JSON.stringify(shell) },
        build: {
          write: false,
          lib: { entry: options.entry, formats: ['iife'], name: 'serviceWorker' },
        },
      });
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: scriptOf(built) });
    },
  };
}

function describeShell(bundle: Bundle, publicDir: string): AppShell {
  const contents = new Map<string, string | Uint8Array>();
  for (const entry of readdirSync(publicDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) contents.set(`/${relative(publicDir, path)}`, readFileSync(path));
  }
  for (const [name, file] of Object.entries(bundle)) {
    if (name.endsWith('.map')) continue;
    contents.set(name === 'index.html' ? '/' : `/${name}`, 'code' in file ? file.code : file.source);
  }
  if (!contents.has('/')) throw new Error('the app shell has no page');
  const files = [...contents.keys()].sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(contents.get(file) ?? '');
  return { version: hash.digest('hex').slice(0, 16), files };
}

function scriptOf(built: Awaited<ReturnType<typeof build>>): string {
  const outputs = (Array.isArray(built) ? built : [built]) as Rolldown.RolldownOutput[];
  return outputs[0].output[0].code;
}
