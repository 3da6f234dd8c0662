import { describe, expect, it } from 'vitest';
import { LatestLane } from './latest-lane';
import { Superseded } from './mask-source';

/** A run that ends when it is told to. */
function held<T>(value: T) {
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  let started = false;
  return {
    run: async () => {
      started = true;
      await gate;
      return value;
    },
    release,
    get started() {
      return started;
    },
  };
}

describe('LatestLane', () => {
  it('answers what runs and the newest of what waits', async () => {
    const lane = new LatestLane();
    const first = held(1);
    const running = lane.submit('a', first.run);
    const second = lane.submit('a', () => Promise.resolve(2));
    const third = lane.submit('a', () => Promise.resolve(3));
    await expect(second).rejects.toBeInstanceOf(Superseded);
    first.release();
    expect(await running).toBe(1);
    expect(await third).toBe(3);
  });

  it('lets different keys wait side by side, in order', async () => {
    const lane = new LatestLane();
    const first = held(0);
    const order: string[] = [];
    const running = lane.submit('a', first.run);
    const of = (key: string) => lane.submit(key, () => Promise.resolve(order.push(key)));
    const all = [of('b'), of('c')];
    first.release();
    await Promise.all([running, ...all]);
    expect(order).toEqual(['b', 'c']);
  });

  it('forgets what is aborted while it waits, and goes on after what is aborted while it runs', async () => {
    const lane = new LatestLane();
    const abort = new AbortController();
    const first = held(1);
    const running = lane.submit('a', first.run, abort.signal);
    const waiting = held(2);
    const second = lane.submit('b', waiting.run, abort.signal);
    const third = lane.submit('c', () => Promise.resolve(3));
    abort.abort();
    await expect(running).rejects.toHaveProperty('name', 'AbortError');
    await expect(second).rejects.toHaveProperty('name', 'AbortError');
    first.release();
    expect(await third).toBe(3);
    expect(waiting.started).toBe(false);
    await expect(lane.submit('a', () => Promise.resolve(1), abort.signal)).rejects.toHaveProperty('name', 'AbortError');
  });

  it('goes on after a failure', async () => {
    const lane = new LatestLane();
    await expect(lane.submit('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lane.submit('a', () => Promise.resolve(1))).toBe(1);
  });

  it('rejects everything once it is closed', async () => {
    const lane = new LatestLane();
    const first = held(1);
    const running = lane.submit('a', first.run);
    const waiting = lane.submit('a', () => Promise.resolve(2));
    lane.close(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
    await expect(lane.submit('a', () => Promise.resolve(3))).rejects.toThrow('closed');
    first.release();
    expect(await running).toBe(1);
  });
});
