import { useEffect, useEffectEvent } from 'react';

import { type Command, commandOf } from './shortcuts';
import type { Workspace } from './workspace';

/** Keys belong to the annotator wherever the focus is, except where one types or works a control with them. */
export function useKeyboard(workspace: Workspace, run: (command: Command) => void): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.defaultPrevented || event.isComposing || isTyping(target)) return;
    if (event.key === ' ' && !isControl(target)) {
      event.preventDefault();
      workspace.panning.set(true);
      return;
    }
    if (isControl(target) && (event.key === 'Enter' || event.key === ' ')) return;
    if (target.matches('[type=radio], [type=range]') && event.key.startsWith('Arrow')) return;
    const command = commandOf(event);
    if (!command) return;
    event.preventDefault();
    run(command);
  });

  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const endPan = () => {
      workspace.panning.set(false);
    };
    const onKeyUp = (event: KeyboardEvent) => {
      if (event.key === ' ') endPan();
    };
    window.addEventListener('keydown', onKeyDown, { signal });
    window.addEventListener('keyup', onKeyUp, { signal });
    window.addEventListener('blur', endPan, { signal });
    return () => {
      stop.abort();
    };
  }, [workspace]);
}

function isTyping(element: HTMLElement): boolean {
  return element.matches(
    'textarea, select, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range])',
  );
}

function isControl(element: HTMLElement): boolean {
  return element.matches('button, a[href], summary, input, [role=menuitem]');
}
