/** A place in the image, in its pixels; the origin is the outer corner of the top left pixel. */
export interface Point {
  x: number;
  y: number;
}

/** From the top left corner (x0, y0) to the bottom right one (x1, y1), both in pixels of the image. */
export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}
