// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { addObject, newObject } from '../../document/commands';
import { emptyDocument } from '../../document/model';
import { boxMask } from '../../geometry/testing/sample-masks';
import type { Box, Point } from '../../geometry/types';
import {
  type ConceptPrompt,
  type FoundMask,
  type ImageSession,
  type MaskAnswer,
  NotHere,
  type PromptSet,
  Superseded,
} from '../../inference/mask-source';
import type { ToolEvent } from '../../tools/tool';
import { changeSettings } from '../app/settings';
import { Annotator, type AnnotatorHost } from './annotator';

const image = { id: '2cf24dba-5fb0-8a30-a6e8-3b2ac5b9e29e', width: 100, height: 80 };

function found(box: Box, score: number): FoundMask {
  return { mask: boxMask(image.width, image.height, box), box, score };
}

/** Answers every prompt with a square around its last point, or what the test says. */
class FakeSession implements ImageSession {
  readonly asked: { prompts: PromptSet; preview: boolean; signal: AbortSignal | undefined }[] = [];
  readonly concepts: ConceptPrompt[] = [];
  closed = false;
  answer: (prompts: PromptSet) => Promise<FoundMask[]> = ({ points, box, multimask }) => {
    const at = points.at(-1);
    const around = at ? { x0: at.x - 5, y0: at.y - 5, x1: at.x + 5, y1: at.y + 5 } : box;
    if (!around) return Promise.resolve([]);
    const wide = { x0: around.x0 - 5, y0: around.y0 - 5, x1: around.x1 + 5, y1: around.y1 + 5 };
    return Promise.resolve([found(around, 0.9), ...(multimask ? [found(wide, 0.5)] : [])]);
  };
  conceptAnswer: () => Promise<FoundMask[]> = () => Promise.resolve([]);

  async segment(prompts: PromptSet, options: { signal?: AbortSignal; preview?: boolean } = {}): Promise<MaskAnswer> {
    this.asked.push({ prompts, preview: options.preview ?? false, signal: options.signal });
    return { masks: await this.answer(prompts), latencyMs: 1, source: 'server' };
  }

  async findConcept(prompt: ConceptPrompt): Promise<MaskAnswer> {
    this.concepts.push(prompt);
    return { masks: await this.conceptAnswer(), latencyMs: 1, source: 'server' };
  }

  close(): void {
    this.closed = true;
  }
}

function setUp() {
  const session = new FakeSession();
  const saved: number[] = [];
  const failures: string[] = [];
  const said: string[] = [];
  const host: AnnotatorHost = {
    openSession: () => Promise.resolve(session),
    onChange: (document) => saved.push(document.objects.length),
    projectLabels: () => [],
    announce: (text) => said.push(text),
    failed: (title, error) => failures.push(`${title}: ${String(error)}`),
    pan: () => undefined,
  };
  const annotator = new Annotator(image, host);
  annotator.load(emptyDocument(image));
  const at = (point: Point) => ({ image: point, screen: point });
  const click = (x: number, y: number, negative = false) => {
    const events: ToolEvent[] = [
      { type: 'down', at: at({ x, y }), negative },
      { type: 'up', at: at({ x, y }) },
    ];
    for (const event of events) annotator.handle(event);
  };
  const drag = (from: Point, to: Point) => {
    annotator.handle({ type: 'down', at: at(from), negative: false });
    annotator.handle({ type: 'move', samples: [at(to)] });
    annotator.handle({ type: 'up', at: at(to) });
  };
  const hover = (x: number, y: number) => {
    annotator.handle({ type: 'move', samples: [at({ x, y })] });
  };
  const objects = () => annotator.state.get().history.document.objects;
  const settled = () =>
    vi.waitFor(() => {
      expect(annotator.state.get().pending).toBeNull();
    });
  return { annotator, session, saved, failures, said, click, drag, hover, objects, settled };
}

beforeEach(() => {
  changeSettings({ preview: false, alternatives: false, brushRadius: 4 });
});

describe('clicks', () => {
  it('make an object, refine it, and begin another one after N', async () => {
    const { annotator, session, click, objects, settled } = setUp();
    click(20, 20);
    expect(objects()).toHaveLength(0);
    await settled();
    expect(objects()).toHaveLength(1);
    click(30, 30, true);
    await settled();
    expect(objects()).toHaveLength(1);
    expect(objects()[0].prompts.points).toEqual([
      { x: 20, y: 20, positive: true },
      { x: 30, y: 30, positive: false },
    ]);
    annotator.finishObject();
    click(60, 60);
    await settled();
    expect(objects()).toHaveLength(2);
    expect(session.asked.at(-1)?.prompts.points).toEqual([{ x: 60, y: 60, positive: true }]);
  });

  it('that come before the answer are one question, and the older one is dropped', async () => {
    const { session, click, objects, settled } = setUp();
    click(20, 20);
    click(24, 20);
    await settled();
    expect(objects()).toHaveLength(1);
    expect(objects()[0].prompts.points).toHaveLength(2);
    expect(session.asked.filter(({ signal }) => !signal?.aborted)).toHaveLength(1);
  });

  it('are one step each, prompts and mask together', async () => {
    const { annotator, click, objects, settled } = setUp();
    click(20, 20);
    await settled();
    click(30, 20);
    await settled();
    annotator.undo();
    expect(objects()[0].prompts.points).toHaveLength(1);
    expect(objects()[0].mask?.contains({ x: 20, y: 20 })).toBe(true);
    annotator.undo();
    expect(objects()).toHaveLength(0);
    annotator.redo();
    annotator.redo();
    expect(objects()[0].prompts.points).toHaveLength(2);
  });

  it('that are negative need an object', () => {
    const { session, click, said } = setUp();
    click(20, 20, true);
    expect(session.asked).toHaveLength(0);
    expect(said.join()).toContain('begin with a positive one');
  });

  it('that fail leave the document as it was, and say so', async () => {
    const { session, click, objects, failures, settled, saved } = setUp();
    session.answer = () => Promise.reject(new Error('the server is away'));
    click(20, 20);
    await settled();
    expect(objects()).toHaveLength(0);
    expect(saved).toEqual([]);
    expect(failures).toEqual(['No mask for this prompt: Error: the server is away']);
  });

  it('that were superseded are no failure', async () => {
    const { session, click, failures } = setUp();
    session.answer = () => Promise.reject(new Superseded());
    click(20, 20);
    await Promise.resolve();
    expect(failures).toEqual([]);
  });

  it('do not take away what was painted', async () => {
    const { annotator, click, drag, objects, settled } = setUp();
    annotator.chooseTool('brush');
    drag({ x: 10, y: 10 }, { x: 30, y: 10 });
    annotator.chooseTool('click');
    click(60, 60);
    await settled();
    expect(objects()).toHaveLength(2);
    expect(objects()[0].mask?.contains({ x: 20, y: 10 })).toBe(true);
  });

  it('mean nothing before the annotations have come', () => {
    const { session } = setUp();
    const fresh = new Annotator(image, {
      openSession: () => Promise.resolve(session),
      onChange: () => undefined,
      projectLabels: () => [],
      announce: () => undefined,
      failed: () => undefined,
      pan: () => undefined,
    });
    const at = { image: { x: 5, y: 5 }, screen: { x: 5, y: 5 } };
    fresh.handle({ type: 'down', at, negative: false });
    fresh.handle({ type: 'up', at });
    expect(fresh.state.get().pending).toBeNull();
  });
});

describe('alternatives', () => {
  it('are offered after a lone click, and choosing among them is one step', async () => {
    changeSettings({ alternatives: true });
    const { annotator, click, objects, settled } = setUp();
    click(40, 40);
    await settled();
    expect(annotator.state.get().alternatives?.masks).toHaveLength(2);
    const first = objects()[0].mask?.area ?? 0;
    annotator.prompting.choose(1);
    expect(objects()[0].mask?.area).toBeGreaterThan(first);
    annotator.prompting.choose(0);
    annotator.prompting.choose(1);
    annotator.undo();
    expect(objects()[0].mask?.area).toBe(first);
    annotator.undo();
    expect(objects()).toHaveLength(0);
  });

  it('are gone with the second click', async () => {
    changeSettings({ alternatives: true });
    const { annotator, session, click, settled } = setUp();
    click(40, 40);
    await settled();
    click(44, 40);
    await settled();
    expect(session.asked.map(({ prompts }) => prompts.multimask)).toEqual([true, false]);
    expect(annotator.state.get().alternatives).toBeNull();
  });
});

describe('the preview', () => {
  it('asks for one place at a time and then for the newest', async () => {
    changeSettings({ preview: true });
    const { annotator, session, hover } = setUp();
    hover(10, 10);
    hover(20, 20);
    hover(30, 30);
    await vi.waitFor(() => {
      expect(annotator.live.get().preview?.mask.contains({ x: 30, y: 30 })).toBe(true);
    });
    expect(session.asked.map(({ prompts }) => prompts.points[0].x)).toEqual([10, 30]);
    expect(session.asked.every(({ preview }) => preview)).toBe(true);
  });

  it('is gone when the pointer leaves, also when its answer comes late', async () => {
    changeSettings({ preview: true });
    const { annotator, session, hover } = setUp();
    let answer: (masks: FoundMask[]) => void = () => undefined;
    session.answer = () => new Promise((resolve) => (answer = resolve));
    hover(10, 10);
    await vi.waitFor(() => {
      expect(session.asked).toHaveLength(1);
    });
    annotator.handle({ type: 'leave' });
    answer([found({ x0: 0, y0: 0, x1: 5, y1: 5 }, 0.9)]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(annotator.live.get().preview).toBeNull();
  });

  it('is off when it is switched off', () => {
    const { session, hover } = setUp();
    hover(10, 10);
    expect(session.asked).toHaveLength(0);
  });
});

describe('concepts', () => {
  const birds = [found({ x0: 0, y0: 0, x1: 10, y1: 10 }, 0.9), found({ x0: 20, y0: 20, x1: 40, y1: 40 }, 0.7)];

  async function withCandidates() {
    const all = setUp();
    all.session.conceptAnswer = () => Promise.resolve(birds);
    all.annotator.concepts.find(' bird ');
    await vi.waitFor(() => {
      expect(all.annotator.state.get().concept.status).toBe('answered');
    });
    return all;
  }

  it('are accepted one by one, as objects of their name', async () => {
    const { annotator, session, objects } = await withCandidates();
    expect(session.concepts).toEqual([{ text: 'bird', exemplars: [], threshold: 0.5 }]);
    expect(objects()).toHaveLength(0);
    annotator.concepts.accept();
    expect(objects().map(({ label, origin, score }) => ({ label, origin, score }))).toEqual([
      { label: 'bird', origin: 'concept', score: 0.9 },
    ]);
    expect(annotator.state.get().concept.candidates).toHaveLength(1);
    annotator.concepts.drop();
    expect(annotator.state.get().concept.status).toBe('idle');
    expect(objects()).toHaveLength(1);
  });

  it('are accepted all at once, which is one step', async () => {
    const { annotator, objects } = await withCandidates();
    annotator.concepts.acceptAll();
    expect(objects()).toHaveLength(2);
    expect(new Set(objects().map(({ color }) => color)).size).toBe(1);
    annotator.undo();
    expect(objects()).toHaveLength(0);
  });

  it('are asked for with examples, and not with counterexamples alone', async () => {
    const { annotator, session } = setUp();
    const box = { x0: 1, y0: 1, x1: 9, y1: 9 };
    annotator.concepts.addExemplar(box, false);
    expect(session.concepts).toHaveLength(0);
    annotator.concepts.addExemplar(box, true);
    await vi.waitFor(() => {
      expect(annotator.state.get().concept.status).toBe('answered');
    });
    expect(session.concepts.at(-1)).toEqual({
      text: null,
      exemplars: [
        { box, positive: false },
        { box, positive: true },
      ],
      threshold: 0.5,
    });
  });

  it('say why they cannot be found', async () => {
    const { annotator, session } = setUp();
    session.conceptAnswer = () => Promise.reject(new NotHere('no concepts here'));
    annotator.concepts.find('bird');
    await vi.waitFor(() => {
      expect(annotator.state.get().concept.status).toBe('failed');
    });
    expect(annotator.state.get().concept.problem).toContain('server');
  });
});

describe('brush and eraser', () => {
  it('touch up the selected object', async () => {
    const { annotator, click, drag, objects, settled } = setUp();
    click(40, 40);
    await settled();
    const before = objects()[0].mask?.area ?? 0;
    annotator.chooseTool('eraser');
    drag({ x: 36, y: 36 }, { x: 44, y: 36 });
    expect(objects()[0].mask?.area).toBeLessThan(before);
    expect(objects()[0].origin).toBe('brush');
    annotator.undo();
    expect(objects()[0].mask?.area).toBe(before);
  });

  it('need something to erase from', () => {
    const { annotator, drag, objects, said } = setUp();
    annotator.chooseTool('eraser');
    drag({ x: 36, y: 36 }, { x: 44, y: 36 });
    expect(objects()).toHaveLength(0);
    expect(said.join()).toContain('Select the object');
  });
});

describe('Escape', () => {
  it('gives up one thing at a time', async () => {
    const { annotator, click, settled } = setUp();
    click(20, 20);
    await settled();
    annotator.moveCrosshair('right', 'normal', 1, { x: 50, y: 40 });
    annotator.handle({ type: 'down', at: { image: { x: 1, y: 1 }, screen: { x: 1, y: 1 } }, negative: false });
    annotator.escape();
    expect(annotator.live.get().crosshair).not.toBeNull();
    annotator.escape();
    expect(annotator.live.get().crosshair).toBeNull();
    expect(annotator.state.get().selectedId).not.toBeNull();
    annotator.escape();
    expect(annotator.state.get().selectedId).toBeNull();
  });
});

describe('objects', () => {
  it('change their place one step at a time, and not beyond the ends', async () => {
    const { annotator, click, objects, settled } = setUp();
    click(20, 20);
    await settled();
    annotator.finishObject();
    click(60, 60);
    await settled();
    const [lower, upper] = objects().map(({ id }) => id);
    annotator.restack(lower, 1);
    annotator.restack(lower, 1);
    expect(objects().map(({ id }) => id)).toEqual([upper, lower]);
    annotator.undo();
    expect(objects().map(({ id }) => id)).toEqual([lower, upper]);
  });
});

describe('what others changed', () => {
  it('comes in beside what was not saved yet, is saved with it, and is not undone', async () => {
    const { annotator, saved, click, objects, settled } = setUp();
    const before = annotator.state.get().history.document;
    click(20, 20);
    await settled();
    const theirs = newObject({ label: 'cow', color: '#112233' });
    annotator.takeOver(before, addObject(before, theirs));
    expect(objects().map(({ label }) => label)).toEqual(['', 'cow']);
    expect(saved.at(-1)).toBe(2);
    annotator.undo();
    expect(objects()).toEqual([theirs]);
  });
});

describe('leaving an image', () => {
  it('closes its session and changes nothing more', async () => {
    const { annotator, session, click, objects } = setUp();
    let answer: (masks: FoundMask[]) => void = () => undefined;
    session.answer = () => new Promise((resolve) => (answer = resolve));
    click(20, 20);
    await vi.waitFor(() => {
      expect(session.asked).toHaveLength(1);
    });
    annotator.close();
    answer([found({ x0: 0, y0: 0, x1: 5, y1: 5 }, 0.9)]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(session.closed).toBe(true);
    expect(objects()).toHaveLength(0);
  });
});
