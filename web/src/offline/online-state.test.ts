import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnlineState } from './online-state';

let alive = true;
let probes = 0;
let hints: EventTarget;
let state: OnlineState;

beforeEach(() => {
  vi.useFakeTimers();
  alive = true;
  probes = 0;
  hints = new EventTarget();
  state = new OnlineState({
    isAlive: () => {
      ++probes;
      return Promise.resolve(alive);
    },
    hints,
    intervalMs: 20_000,
    firstRetryMs: 1000,
    longestRetryMs: 8000,
  });
});

afterEach(() => {
  state.stop();
  vi.useRealTimers();
});

describe('OnlineState', () => {
  it('does not believe the browser, and asks the server', async () => {
    hints.dispatchEvent(new Event('offline'));
    await vi.advanceTimersByTimeAsync(0);
    expect(probes).toBe(1);
    expect(state.online).toBe(true);
  });

  it('tells when the server goes and comes back', async () => {
    const told: boolean[] = [];
    state.subscribe((online) => told.push(online));
    alive = false;
    await state.check();
    expect(state.online).toBe(false);
    alive = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([false, true]);
  });

  it('asks less and less often while the server is away, and at once at a hint', async () => {
    alive = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(probes).toBe(1);
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000 + 8000 + 8000);
    expect(probes).toBe(6);
    alive = true;
    hints.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(0);
    expect(state.online).toBe(true);
  });

  it('asks once however many want to know', async () => {
    await Promise.all([state.check(), state.check(), state.check()]);
    expect(probes).toBe(1);
  });

  it('is quiet once it is stopped', async () => {
    state.stop();
    hints.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(probes).toBe(0);
  });
});
