import { describe, expect, it } from 'vitest';

import { boxMask } from '../../geometry/testing/sample-masks';
import { covers, cropFor, rgbOf, sampleMask, stepFor } from './mask-sprite';

describe('a sprite of a mask', () => {
  it('has a pixel for a pixel of the screen, and never two', () => {
    expect([4, 1, 0.6, 0.5, 0.3, 0.1].map(stepFor)).toEqual([1, 1, 1, 2, 2, 8]);
  });

  it('shows exactly the mask where a pixel is a pixel', () => {
    const mask = boxMask(10, 8, { x0: 2, y0: 3, x1: 7, y1: 5 });
    const crop = { x0: 1, y0: 2, x1: 9, y1: 8 };
    const { pixels, width, height } = sampleMask(mask, crop, 1);
    for (let y = 0; y < height; ++y) {
      for (let x = 0; x < width; ++x) {
        const inside = mask.contains({ x: x + crop.x0, y: y + crop.y0 });
        expect(pixels[y * width + x]).toBe(inside ? 1 : 0);
      }
    }
  });

  it('samples the middle of each square when it is smaller than the mask', () => {
    const mask = boxMask(64, 64, { x0: 8, y0: 16, x1: 40, y1: 48 });
    const crop = { x0: 0, y0: 0, x1: 64, y1: 64 };
    const { pixels, width, height } = sampleMask(mask, crop, 4);
    expect([width, height]).toEqual([16, 16]);
    for (let y = 0; y < 16; ++y) {
      for (let x = 0; x < 16; ++x) {
        expect(pixels[16 * y + x]).toBe(mask.contains({ x: 4 * x + 2, y: 4 * y + 2 }) ? 1 : 0);
      }
    }
  });

  it('is made whole when it is small, and else of what can be seen', () => {
    const visible = { x0: 1000, y0: 1000, x1: 2000, y1: 1800 };
    const small = { x0: 10, y0: 10, x1: 300, y1: 200 };
    expect(cropFor(small, visible, 1)).toEqual(small);
    const huge = { x0: 0, y0: 0, x1: 6000, y1: 4000 };
    const crop = cropFor(huge, visible, 1);
    expect(crop && covers(crop, visible)).toBe(true);
    expect(crop && covers(huge, crop)).toBe(true);
    expect(cropFor(huge, visible, 4)).toEqual(huge);
    expect(cropFor(huge, { x0: 9000, y0: 0, x1: 9100, y1: 100 }, 1)).toBeNull();
  });

  it('has the colour of its object', () => {
    expect(rgbOf('#0072b2')).toEqual([0, 0x72, 0xb2]);
  });
});
