import { type RefObject, useLayoutEffect, useState } from 'react';

export interface Viewport {
  readonly width: number;
  /** How much of the element lies above what is seen. */
  readonly top: number;
  readonly height: number;
}

/** Which part of a tall element is on the screen, as its scrolling ancestor shows it. */
export function useViewport(ref: RefObject<HTMLElement | null>): Viewport {
  const [viewport, setViewport] = useState<Viewport>({ width: 0, top: 0, height: 0 });

  useLayoutEffect(() => {
    const element = ref.current;
    const scroller = element && scrollingAncestor(element);
    if (!element || !scroller) return;
    let frame = 0;
    const measure = () => {
      const inner = element.getBoundingClientRect();
      const outer = scroller.getBoundingClientRect();
      const next = { width: inner.width, top: Math.max(0, outer.top - inner.top), height: outer.height };
      setViewport((old) => (isSame(old, next) ? old : next));
    };
    const later = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(measure);
    };
    measure();
    const resized = new ResizeObserver(later);
    resized.observe(element);
    resized.observe(scroller);
    scroller.addEventListener('scroll', later, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      scroller.removeEventListener('scroll', later);
    };
  }, [ref]);

  return viewport;
}

function isSame(a: Viewport, b: Viewport): boolean {
  return a.width === b.width && a.top === b.top && a.height === b.height;
}

function scrollingAncestor(element: HTMLElement): HTMLElement | null {
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return null;
}
