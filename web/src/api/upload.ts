/** Uploads go by XMLHttpRequest: `fetch` does not say how much of a body has been sent. */
import { ApiError, problemOf } from './api-error';
import type { Connection } from './connection';
import type { UploadedImage } from './types';

export interface UploadOptions {
  project?: string;
  signal?: AbortSignal;
  onProgress?: (sentBytes: number, totalBytes: number) => void;
}

export function uploadForm(
  connection: Connection,
  file: File,
  { project, signal, onProgress }: UploadOptions,
): Promise<UploadedImage> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal?.addEventListener('abort', abort);
    request.addEventListener('loadend', () => signal?.removeEventListener('abort', abort));
    request.upload.addEventListener('progress', (event) => onProgress?.(event.loaded, event.total));
    request.addEventListener('load', () => {
      // What is no JSON rejects, as it does with `fetch`.
      if (request.status === 201) resolve(new Response(request.responseText).json() as Promise<UploadedImage>);
      else reject(errorOf(request));
    });
    request.addEventListener('error', () => reject(ApiError.unreachable('the upload broke off')));
    request.addEventListener('abort', () => reject(signal?.reason as Error));
    request.open('POST', connection.url('/api/v1/images'));
    for (const [name, value] of Object.entries(connection.authorization())) {
      request.setRequestHeader(name, value);
    }
    const form = new FormData();
    if (project !== undefined) form.set('project', project);
    form.set('file', file, file.name);
    request.send(form);
  });
}

function errorOf(request: XMLHttpRequest): ApiError {
  return ApiError.of(
    request.status,
    request.statusText,
    problemOf(request.responseText),
    request.getResponseHeader('Retry-After'),
  );
}
