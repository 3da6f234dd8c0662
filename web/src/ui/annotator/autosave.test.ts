// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type AnnotationDocument, emptyDocument } from '../../document/model';
import type { OutboxState } from '../../offline/outbox';
import { Autosave } from './autosave';

const id = '2cf24dba-5fb0-8a30-a6e8-3b2ac5b9e29e';
const document = emptyDocument({ id, width: 10, height: 10 });

class FakeOutbox {
  state: OutboxState = { waiting: [], sending: false, problem: null };
  readonly saved: AnnotationDocument[] = [];
  fails = false;
  private listener: () => void = () => undefined;

  subscribe(listener: () => void): () => void {
    this.listener = listener;
    return () => (this.listener = () => undefined);
  }

  tell(state: Partial<OutboxState>): void {
    this.state = { ...this.state, ...state };
    this.listener();
  }

  save(saved: AnnotationDocument): Promise<void> {
    if (this.fails) return Promise.reject(new Error('the disk is full'));
    this.saved.push(saved);
    this.tell({ waiting: [id] });
    return Promise.resolve();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('autosave', () => {
  it('saves once, a moment after the last of several changes', async () => {
    const outbox = new FakeOutbox();
    const autosave = new Autosave(outbox, id);
    const last = { ...document };
    autosave.change(document);
    await vi.advanceTimersByTimeAsync(400);
    autosave.change(last);
    await vi.advanceTimersByTimeAsync(400);
    expect(outbox.saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(400);
    expect(outbox.saved).toEqual([last]);
  });

  it('says how safe the work is', async () => {
    const outbox = new FakeOutbox();
    const autosave = new Autosave(outbox, id);
    const state = () => autosave.status.get().state;
    expect(state()).toBe('saved');
    autosave.change(document);
    expect(state()).toBe('changed');
    outbox.tell({}); // another image was saved meanwhile: this one is not
    expect(state()).toBe('changed');
    await autosave.flush();
    expect(state()).toBe('waiting');
    outbox.tell({ sending: true });
    expect(state()).toBe('saving');
    outbox.tell({ sending: false, waiting: [] });
    expect(state()).toBe('saved');
    outbox.tell({ waiting: [id], problem: { imageId: id, message: 'no permission' } });
    expect(autosave.status.get()).toEqual({ state: 'failed', problem: 'no permission' });
  });

  it('keeps what this browser could not keep, for the next try', async () => {
    const outbox = new FakeOutbox();
    const autosave = new Autosave(outbox, id);
    outbox.fails = true;
    autosave.change(document);
    await autosave.flush();
    expect(autosave.status.get()).toEqual({ state: 'failed', problem: 'the disk is full' });
    outbox.fails = false;
    await autosave.flush();
    expect(outbox.saved).toEqual([document]);
  });

  it('saves what is left when the image is left', async () => {
    const outbox = new FakeOutbox();
    const autosave = new Autosave(outbox, id);
    autosave.change(document);
    autosave.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(outbox.saved).toEqual([document]);
  });
});
