/** A real `samcache serve` with the demo model, its data in a folder of its own, and the built app. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const binary = process.env.SAMCACHE_BINARY ?? join(project, 'build/src/apps/samcache');
export const appFolder = process.env.SAMCACHE_WEB_APP ?? join(project, 'web/dist');

export interface UploadedImage {
  id: string;
  filename: string;
  width: number;
  height: number;
  encoding_status: 'pending' | 'processing' | 'completed' | 'failed';
}

/** What of an annotation document the tests look at. */
export interface SavedObject {
  id: string;
  label: string;
  color: string;
  origin: string;
  mask: { size: [number, number]; counts: string } | null;
}

function environment() {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('SAMCACHE_'));
  return { ...Object.fromEntries(clean), OMP_NUM_THREADS: '1' };
}

export class TestServer {
  /** Changes when it is started again without a port. */
  url = '';
  readonly folder = mkdtempSync(join(tmpdir(), 'samcache-web-'));
  private readonly running = new Set<ChildProcess>();

  private constructor(private readonly options: readonly string[]) {}

  static async start(...options: string[]): Promise<TestServer> {
    const server = new TestServer(options);
    await server.listen('0');
    return server;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** Of all of its processes. */
  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  private run(command: string, ...options: string[]): ChildProcess {
    const log = openSync(join(this.folder, 'log'), 'a');
    const model = globalThis.process.env.SAMCACHE_TEST_MODEL ?? join(project, 'models/demo');
    const common = ['--data', this.data, '--model', model];
    const process = spawn(binary, [command, ...common, ...options], {
      stdio: ['ignore', 'pipe', log],
      env: environment(),
    });
    closeSync(log);
    this.running.add(process);
    process.once('exit', () => this.running.delete(process));
    return process;
  }

  private async listen(port: string): Promise<void> {
    const own = ['--port', port, '--json', '--web', appFolder];
    const { stdout } = this.run('serve', ...own, ...this.options);
    if (!stdout) throw new Error('the server has no output');
    for await (const line of createInterface(stdout)) {
      this.url = (JSON.parse(line) as { url: string }).url;
      return;
    }
    throw new Error(`the server did not start:\n${this.log}`);
  }

  /** As a power cut would end it: nothing is finished, no connection is closed politely. */
  async kill(): Promise<void> {
    const processes = [...this.running];
    for (const process of processes) {
      process.kill('SIGKILL');
      if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
    }
  }

  /** At the address it had. */
  async startAgain(): Promise<void> {
    await this.listen(new URL(this.url).port);
  }

  /** A worker of its own, for servers with `--no-worker`. */
  startWorker(): void {
    this.run('worker');
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async call<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  image(id: string): Promise<UploadedImage> {
    return this.call(`/images/${id}`);
  }

  async images(project: string): Promise<UploadedImage[]> {
    return (await this.call<{ images: UploadedImage[] }>(`/images?project=${project}`)).images;
  }

  /** Uploads without the app, and waits until it is encoded. */
  async upload(project: string, filename: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const form = new FormData();
    form.set('file', new Blob([bytes]), filename);
    const path = `/images?project=${project}`;
    const { id } = await this.call<UploadedImage>(path, { method: 'POST', body: form });
    await this.call(`/images/${id}/encode?wait=true`, { method: 'POST' });
    return id;
  }

  /** What was drawn on an image, as it is saved. */
  async objects(id: string): Promise<SavedObject[]> {
    const document = await this.call<{ objects?: SavedObject[] }>(`/images/${id}/annotations`);
    return document.objects ?? [];
  }
}
