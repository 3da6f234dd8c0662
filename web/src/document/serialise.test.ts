import { describe, expect, it } from 'vitest';
import { ReadingError } from './reading';
import type { JsonDocument } from './serialise';
import { fromJson, toJson } from './serialise';
import { fullDocument, image, objectId, sampleDocument, sampleObject } from './testing/sample-documents';

/** The document's JSON as the server gives it back, with something changed. */
function changed(change: (json: JsonDocument) => unknown): unknown {
  const json = JSON.parse(JSON.stringify(toJson(fullDocument()))) as JsonDocument;
  return change(json) ?? json;
}

/** The same with a member of the first object that is not what it must be. */
function withMember(path: string, value: unknown): unknown {
  return changed((json) => {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce(
      (at, key) => at[key] as Record<string, unknown>,
      json.objects[0] as unknown as Record<string, unknown>,
    );
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  });
}

describe('a document as JSON', () => {
  it('comes back as it was', () => {
    expect(
      fromJson(
        changed(() => undefined),
        image,
      ),
    ).toEqual(fullDocument());
  });

  it('is the empty one before the first save', () => {
    expect(fromJson({}, image)).toEqual(sampleDocument());
  });

  it('is written the same whenever it is saved', () => {
    const document = fullDocument();
    expect(JSON.stringify(toJson(document))).toBe(JSON.stringify(toJson(document)));
  });

  it.each([null, [], 'text', 7])('%j is none', (json) => {
    expect(() => fromJson(json, image)).toThrow(ReadingError);
  });

  it('of a newer version is refused, not misread', () => {
    expect(() =>
      fromJson(
        changed((json) => ({ ...json, version: 2 })),
        image,
      ),
    ).toThrow(/version 2 .* reload/);
  });

  it('of another image is refused', () => {
    for (const other of [
      { ...image, id: 'another' },
      { ...image, width: 6 },
      { ...image, height: 5 },
    ]) {
      expect(() =>
        fromJson(
          changed(() => undefined),
          other,
        ),
      ).toThrow(/not of/);
    }
  });

  it('with two objects of one id is refused', () => {
    const twice = toJson(sampleDocument(sampleObject(1), sampleObject(1)));
    expect(() => fromJson(twice, image)).toThrow(`two objects have the id ${objectId(1)}`);
  });

  it.each([
    ['id', 'not-a-uuid', 'objects[0].id'],
    ['id', 7, 'objects[0].id must be a text, not 7'],
    ['label', 'x'.repeat(101), 'over the limit of 100'],
    ['color', 'red', 'objects[0].color is no colour'],
    ['color', '#0072B2', 'objects[0].color is no colour'],
    ['hidden', 1, 'objects[0].hidden must be true or false'],
    ['origin', 'magic', 'objects[0].origin must be one of'],
    ['score', 1.5, 'objects[0].score is 1.5'],
    ['score', undefined, 'objects[0].score must be a number, not missing'],
    ['prompts', null, 'objects[0].prompts must be an object, not null'],
    ['prompts.box', [1, 2, 3], 'must have 4 numbers, not 3'],
    ['prompts.box', [5, 0, 1, 1], 'wrong order'],
    ['prompts.points', [{ x: 1, y: null, positive: true }], 'objects[0].prompts.points[0].y'],
    ['prompts.points', Array.from({ length: 1001 }, () => ({})), 'over the limit of 1000'],
    ['mask.size', [5, 4], 'objects[0].mask is 4 x 5, its image 5 x 4'],
    ['mask.counts', 'nonsense', 'objects[0].mask'],
    ['mask.counts', [1, 2], 'objects[0].mask.counts must be a text'],
  ])('with %s %j is refused, and the message says where', (path, value, message) => {
    expect(() => fromJson(withMember(path, value), image)).toThrow(message);
    expect(() => fromJson(withMember(path, value), image)).toThrow(ReadingError);
  });
});
