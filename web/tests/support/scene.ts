/** The drawn scene of tests/data, in which every object's true mask is known. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Rle, Pixels } from './pixels';

export interface SceneObject {
  kind: string;
  colour: string;
  /** x0, y0, x1, y1 */
  box: [number, number, number, number];
  mask: Rle;
}

export interface Scene {
  width: number;
  height: number;
  objects: SceneObject[];
}

const folder = fileURLToPath(new URL('../../../tests/data/scene/', import.meta.url));
const picture = readFileSync(`${folder}scene.jpg`);

export const scene = JSON.parse(readFileSync(`${folder}scene.json`, 'utf8')) as Scene;

/** The same picture as another file: what stands after the end of a JPEG is not looked at, but is part of its hash. */
export function scenePicture(variant = 0): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([picture, Buffer.from(`variant ${variant}`)]));
}

export function truth(object: SceneObject): Pixels {
  return Pixels.decode(object.mask);
}

export function named(colour: string, kind: string): SceneObject[] {
  return scene.objects.filter((object) => object.colour === colour && object.kind === kind);
}

/** Where one would click on it: the pixel of it that is closest to its middle. */
export function pointIn(object: SceneObject): { x: number; y: number } {
  const points = truth(object).points();
  const middle = {
    x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
    y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
  };
  const distance = ({ x, y }: { x: number; y: number }) => Math.hypot(x - middle.x, y - middle.y);
  const nearest = points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
  return { x: nearest.x + 0.5, y: nearest.y + 0.5 };
}
