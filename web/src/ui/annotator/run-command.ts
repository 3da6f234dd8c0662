/** What the annotator's keys do. */
import type { Point } from '../../geometry/types';
import { changeSettings, clampRadius, settings } from '../app/settings';
import { selectedObject } from './annotator-state';
import type { Command } from './shortcuts';
import type { OpenImage, Workspace } from './workspace';

/** What only the page can do. */
export interface PageActions {
  showHelp(): void;
  focusLabel(): void;
  focusConcept(): void;
}

export function runCommand(command: Command, workspace: Workspace, page: PageActions): void {
  const { open, view } = workspace;
  if (command.do === 'help') page.showHelp();
  if (command.do === 'neighbour-image') workspace.goTo(command.step);
  if (!open || !view) return;
  const { annotator } = open;
  const state = annotator.state.get();
  switch (command.do) {
    case 'tool':
      annotator.chooseTool(command.tool);
      break;
    case 'crosshair': {
      const { width, height } = view.viewport;
      const middle = inside(view.toImage({ x: width / 2, y: height / 2 }), open);
      const point = annotator.moveCrosshair(command.direction, command.pace, view.view.scale, middle);
      view.reveal({ x0: point.x, y0: point.y, x1: point.x, y1: point.y });
      workspace.announce(`${Math.round(point.x)}, ${Math.round(point.y)}`);
      break;
    }
    case 'press':
      press(command.negative, workspace, open);
      break;
    case 'zoom': {
      const at = annotator.live.get().crosshair?.point;
      view.zoom(command.factor, at && view.toScreen(at));
      break;
    }
    case 'alternative':
      annotator.prompting.choose(command.index);
      break;
    case 'neighbour-object':
      annotator.selectNeighbour(command.step);
      reveal(workspace, open);
      break;
    case 'restack':
      if (state.selectedId) annotator.restack(state.selectedId, command.step);
      break;
    case 'neighbour-candidate':
      annotator.concepts.activate(state.concept.active + command.step);
      break;
    case 'brush':
      changeSettings({ brushRadius: clampRadius(settings.get().brushRadius * command.factor) });
      break;
    case 'fit':
      view.fit();
      break;
    case 'actual-size':
      view.zoomToPixels();
      break;
    case 'escape':
      annotator.escape();
      break;
    case 'new-object':
      annotator.finishObject();
      break;
    case 'delete':
      if (state.concept.candidates.length > 0) annotator.concepts.drop();
      else if (state.selectedId) annotator.remove(state.selectedId);
      break;
    case 'undo':
      annotator.undo();
      break;
    case 'redo':
      annotator.redo();
      break;
    case 'hide': {
      const object = selectedObject(state);
      if (object) annotator.setHidden([object.id], !object.hidden);
      break;
    }
    case 'hide-all': {
      const { objects } = state.history.document;
      const anyShown = objects.some((object) => !object.hidden);
      annotator.setHidden(
        objects.map((object) => object.id),
        anyShown,
      );
      break;
    }
    case 'label':
      page.focusLabel();
      break;
    case 'concept':
      page.focusConcept();
      break;
    case 'accept-all':
      annotator.concepts.acceptAll();
      break;
    case 'preview':
      changeSettings({ preview: !settings.get().preview });
      workspace.announce(settings.get().preview ? 'Preview on' : 'Preview off');
      break;
    case 'alternatives':
      changeSettings({ alternatives: !settings.get().alternatives });
      workspace.announce(settings.get().alternatives ? 'Alternatives on' : 'Alternatives off');
      break;
  }
}

/** Enter is for the crosshair where there is one, else for the candidate, else it ends the object. */
function press(negative: boolean, workspace: Workspace, { annotator }: OpenImage): void {
  if (annotator.live.get().crosshair) annotator.pressCrosshair(negative, workspace.view?.view.scale ?? 1);
  else if (annotator.state.get().concept.candidates.length > 0) annotator.concepts.accept();
  else annotator.finishObject();
}

export function reveal(workspace: Workspace, { annotator }: OpenImage): void {
  const box = selectedObject(annotator.state.get())?.mask?.box();
  if (box) workspace.view?.reveal(box);
}

function inside(point: Point, { image }: OpenImage): Point {
  return {
    x: Math.min(Math.max(point.x, 0.5), image.width - 0.5),
    y: Math.min(Math.max(point.y, 0.5), image.height - 0.5),
  };
}
