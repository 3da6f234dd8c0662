/** The server's HTTP interface, a method an operation. docs/openapi.yaml says what each does. */
import type { ConnectionOptions } from './connection';
import { Connection, readBody } from './connection';
import type {
  Answer,
  EncodingQuery,
  Image,
  ImagePage,
  InferAnswer,
  InferBody,
  ListQuery,
  Model,
  ModelPartQuery,
  Project,
  UploadedImage,
} from './types';
import { uploadForm } from './upload';
import type { UploadOptions } from './upload';

export interface Abortable {
  signal?: AbortSignal;
}

/** What people drew on an image, as the server has it. */
export interface SavedAnnotations {
  document: unknown;
  /** For `putAnnotations`: the revision that a new one follows. */
  etag: string;
}

/** As many as the server gives at once. */
const pageSize = 1000;

export class ApiClient {
  readonly connection: Connection;

  constructor(options: ConnectionOptions = {}) {
    this.connection = new Connection(options);
  }

  // ---- images

  async projects({ signal }: Abortable = {}): Promise<Project[]> {
    const answer = await this.connection.json<Answer<'listProjects', 200>>('/api/v1/projects', { signal });
    return answer.projects;
  }

  listImages(query: ListQuery, { signal }: Abortable = {}): Promise<ImagePage> {
    return this.connection.json('/api/v1/images', { query: { ...query }, signal });
  }

  /** All images that fit, page by page. */
  async *allImages(query: Omit<ListQuery, 'cursor' | 'ids'>, { signal }: Abortable = {}): AsyncGenerator<Image[]> {
    let cursor: string | null = null;
    do {
      const page = await this.listImages({ limit: pageSize, ...query, ...(cursor !== null && { cursor }) }, { signal });
      yield page.images;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  getImage(id: string, { signal }: Abortable = {}): Promise<Image> {
    return this.connection.json(imagePath(id), { signal });
  }

  uploadImage(file: File, options: UploadOptions = {}): Promise<UploadedImage> {
    return uploadForm(this.connection, file, options);
  }

  async deleteImage(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.connection.request(imagePath(id), { method: 'DELETE', signal });
  }

  /** The original file. */
  async content(id: string, { signal }: Abortable = {}): Promise<Blob> {
    return this.blob(imagePath(id, 'content'), {}, signal);
  }

  /** A picture that fits into a square of `size` pixels. */
  async thumbnail(id: string, size: number, { signal }: Abortable = {}): Promise<Blob> {
    return this.blob(imagePath(id, 'thumbnail'), { size }, signal);
  }

  /** For `<img src>`, which can send no token: only where access is open. */
  contentUrl(id: string): string {
    return this.connection.url(imagePath(id, 'content'));
  }

  thumbnailUrl(id: string, size: number): string {
    return this.connection.url(imagePath(id, 'thumbnail'), { size });
  }

  // ---- encodings

  /** Also the retry of one that failed. */
  encode(
    id: string,
    { wait, signal }: Abortable & { wait?: boolean } = {},
  ): Promise<Answer<'encodeImage', 200> | Answer<'encodeImage', 202>> {
    return this.connection.json(imagePath(id, 'encode'), { method: 'POST', query: { wait }, signal });
  }

  async encodeBatch(imageIds: readonly string[], { signal }: Abortable = {}): Promise<string> {
    const answer = await this.connection.json<Answer<'encodeBatch', 202>>('/api/v1/encodings/batch', {
      method: 'POST',
      json: { image_ids: imageIds },
      signal,
    });
    return answer.job_id;
  }

  /** The safetensors file; the body is still to be read. */
  downloadEncoding(id: string, query: Omit<EncodingQuery, 'download'>, { signal }: Abortable = {}): Promise<Response> {
    return this.connection.request(imagePath(id, 'encoding'), {
      query: { ...query, download: 1 },
      headers: { Accept: 'application/octet-stream' },
      signal,
      // It goes into a cache of our own; twice is too much.
      cache: 'no-store',
    });
  }

  // ---- prompts

  infer(id: string, body: InferBody, { signal }: Abortable = {}): Promise<InferAnswer> {
    return this.connection.json(imagePath(id, 'infer'), { method: 'POST', json: body, signal });
  }

  /** Of the WebSocket of docs/websocket.md. */
  interactiveUrl(id: string): string {
    const url = new URL(this.connection.url(imagePath(id, 'interactive')), globalThis.location?.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
  }

  /** A WebSocket takes the token as a subprotocol. */
  interactiveProtocols(): string[] {
    const token = this.connection.token();
    return token ? [`bearer.${token}`] : [];
  }

  // ---- annotations

  async annotations(id: string, { signal }: Abortable = {}): Promise<SavedAnnotations> {
    const response = await this.connection.request(imagePath(id, 'annotations'), { signal });
    const document = await readBody(() => response.json() as Promise<unknown>, signal);
    return { document, etag: etagOf(response) };
  }

  /**
   * Saves a document that was made from the revision `etag`, and gives the new one's. An ApiError with status 412 says
   * that somebody else saved meanwhile.
   */
  async putAnnotations(id: string, document: unknown, etag: string, { signal }: Abortable = {}): Promise<string> {
    const response = await this.connection.request(imagePath(id, 'annotations'), {
      method: 'PUT',
      json: document,
      headers: { 'If-Match': etag },
      signal,
    });
    return etagOf(response);
  }

  // ---- the server

  model({ signal }: Abortable = {}): Promise<Model> {
    return this.connection.json('/api/v1/models/current', { signal });
  }

  /** A part as an ONNX graph; `v` is the model's fingerprint, which lets browsers keep it. */
  async modelPart(part: string, query: ModelPartQuery, { signal }: Abortable = {}): Promise<ArrayBuffer> {
    const path = `/api/v1/models/current/${encodeURIComponent(part)}.onnx`;
    const response = await this.connection.request(path, { query: { ...query }, signal });
    return readBody(() => response.arrayBuffer(), signal);
  }

  /** Whether the process answers; never waits for long. */
  async isAlive(timeoutMs = 3_000): Promise<boolean> {
    try {
      await this.connection.request('/healthz', {
        signal: AbortSignal.timeout(timeoutMs),
        cache: 'no-store',
      });
      return true;
    } catch {
      return false;
    }
  }

  private async blob(path: string, query: Record<string, number>, signal?: AbortSignal): Promise<Blob> {
    const response = await this.connection.request(path, { query, signal });
    return readBody(() => response.blob(), signal);
  }
}

function imagePath(id: string, part?: string): string {
  const path = `/api/v1/images/${encodeURIComponent(id)}`;
  return part === undefined ? path : `${path}/${part}`;
}

/** A proxy that compresses makes a weak tag of it, which `If-Match` would never match. */
function etagOf(response: Response): string {
  return (response.headers.get('ETag') ?? '').replace(/^W\//, '');
}
