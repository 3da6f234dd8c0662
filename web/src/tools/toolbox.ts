/**
 * The tool in the hand, and what it is in the middle of. One place knows all tools, so nobody else needs to know how
 * their states differ.
 */
import { boxTool, exemplarTool } from './box-tools';
import { brushTool, eraserTool } from './brush-tools';
import { clickTool } from './click-tool';
import { selectTool } from './select-tool';
import type { Draft, ImageSize, Tool, ToolEffect, ToolEvent, ToolId } from './tool';

/** A tool bound to its state. */
interface Running {
  readonly id: ToolId;
  readonly keyboard: 'click' | 'drag';
  readonly busy: boolean;
  readonly draft: Draft | null;
  next(event: ToolEvent, image: ImageSize): { running: Running; effects: readonly ToolEffect[] };
}

function run<State>(tool: Tool<State>, state: State): Running {
  return {
    id: tool.id,
    keyboard: tool.keyboard,
    busy: state !== tool.idle,
    draft: tool.draft(state),
    next(event, image) {
      const step = tool.reduce(state, event, image);
      return { running: run(tool, step.state), effects: step.effects };
    },
  };
}

const tools: Readonly<Record<ToolId, () => Running>> = {
  select: () => run(selectTool, selectTool.idle),
  click: () => run(clickTool, clickTool.idle),
  box: () => run(boxTool, boxTool.idle),
  exemplar: () => run(exemplarTool, exemplarTool.idle),
  brush: () => run(brushTool, brushTool.idle),
  eraser: () => run(eraserTool, eraserTool.idle),
};

export class Toolbox {
  private running: Running;

  constructor(id: ToolId = 'click') {
    this.running = tools[id]();
  }

  get id(): ToolId {
    return this.running.id;
  }

  get keyboard(): 'click' | 'drag' {
    return this.running.keyboard;
  }

  /** In the middle of a gesture. */
  get busy(): boolean {
    return this.running.busy;
  }

  get draft(): Draft | null {
    return this.running.draft;
  }

  /** Takes another tool into the hand; a gesture that was not finished is given up. */
  choose(id: ToolId): void {
    this.running = tools[id]();
  }

  handle(event: ToolEvent, image: ImageSize): readonly ToolEffect[] {
    const { running, effects } = this.running.next(event, image);
    this.running = running;
    return effects;
  }
}
