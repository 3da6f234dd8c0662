// The client snippets of the design that this project started from, as they were written, against a running server.
// Only what they take for granted is added: `api`, `sleep`, and a cache in memory for the browser's IndexedDB.
//
//   node seed_client.mjs URL PICTURE    prints {"imageId", "encodings": {id: base64 of the first 64 KiB}}
import {File} from 'node:buffer'; // no global before Node 20
import {readFile} from 'node:fs/promises';

const [url, picture] = process.argv.slice(2);

// A page's relative URLs are those of its own origin.
const fetch = (path, options) => globalThis.fetch(new URL(path, url), options);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const api = {
  async uploadImage(file) {
    const form = new FormData();
    form.append('file', file);
    const response = await fetch('/api/v1/images', {method: 'POST', body: form});
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.json();
  },
  async getImage(imageId) {
    return (await fetch(`/api/v1/images/${imageId}`)).json();
  },
};

// Poll for encoding status after upload
const uploadImage = async (file) => {
  const response = await api.uploadImage(file);
  const imageId = response.id;

  // Poll until encoded
  while (true) {
    const status = await api.getImage(imageId);
    if (status.encoding_status === 'completed') {
      return imageId;
    }
    if (status.encoding_status === 'failed') {
      throw new Error(status.encoding_error);
    }
    await sleep(1000); // Poll every second
  }
};

class FrontendEncodingCache {
  entries = new Map();

  async get(imageId) {
    return this.entries.get(imageId) ?? null;
  }

  async put(imageId, data) {
    this.entries.set(imageId, data);
  }

  async preloadFromBackend(imageIds) {
    for (const imageId of imageIds) {
      if (await this.get(imageId)) continue;  // Already cached

      const response = await fetch(`/api/v1/images/${imageId}/encoding`);
      if (response.ok) {
        const data = await response.arrayBuffer();
        await this.put(imageId, data);
      }
    }
  }
}

const imageId = await uploadImage(new File([await readFile(picture)], 'photo.jpg', {type: 'image/jpeg'}));
const cache = new FrontendEncodingCache();
await cache.preloadFromBackend([imageId]);
await cache.preloadFromBackend([imageId]);
const encodings = {};
for (const [id, data] of cache.entries) encodings[id] = Buffer.from(data).subarray(0, 1 << 16).toString('base64');
console.log(JSON.stringify({imageId, encodings}));
