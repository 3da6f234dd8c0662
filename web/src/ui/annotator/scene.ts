/** What the canvas shows of the annotator's state. */
import type { Settings } from '../app/settings';
import type { ShownMask } from '../canvas/mask-layer';
import type { Overlay } from '../canvas/overlay-layer';
import type { AnnotatorState, Live } from './annotator-state';
import { currentObject } from './annotator-state';

export const unnamedColor = '#2355d0';

/** From the lowest to the uppermost. `candidateColor`: of the objects that candidates would become. */
export function masksOf(state: AnnotatorState, candidateColor: string): ShownMask[] {
  const { history, selectedId, concept } = state;
  const shown: ShownMask[] = [];
  for (const object of history.document.objects) {
    if (!object.mask || object.hidden) continue;
    shown.push({
      id: object.id,
      mask: object.mask,
      color: object.color,
      emphasis: object.id === selectedId ? 'selected' : 'normal',
    });
  }
  concept.candidates.forEach((candidate, index) => {
    shown.push({
      id: candidate.id,
      mask: candidate.mask,
      color: candidateColor,
      emphasis: index === concept.active ? 'selected' : 'faint',
    });
  });
  return shown;
}

/** `nextColor`: of the object that a prompt or a stroke would begin. */
export function overlayOf(state: AnnotatorState, live: Live, settings: Settings, nextColor: string): Overlay {
  const object = currentObject(state);
  const color = object?.color ?? nextColor;
  const { tool, concept } = state;
  const isPainting = tool === 'brush' || tool === 'eraser';
  return {
    color,
    prompts: object && !object.hidden ? object.prompts : null,
    exemplars: concept.exemplars,
    tags: concept.candidates.map((candidate, index) => ({
      box: candidate.box,
      text: String(index + 1),
      active: index === concept.active,
    })),
    preview: live.preview && { id: 'preview', mask: live.preview.mask, color, emphasis: 'faint' },
    draft: live.draft,
    brush:
      isPainting && live.hover
        ? { point: live.hover, radius: settings.brushRadius, mode: tool === 'brush' ? 'add' : 'erase' }
        : null,
    crosshair: live.crosshair?.point ?? null,
  };
}
