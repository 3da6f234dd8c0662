/** Which of `size` pixels in a row lie between two coordinates: those whose centre does. */

/** The first one whose centre is not before a coordinate. */
export function firstCentre(coordinate: number, size: number): number {
  return Math.min(Math.max(Math.ceil(coordinate - 0.5), 0), size);
}

/** The one after the last whose centre is not behind a coordinate. */
export function afterLastCentre(coordinate: number, size: number): number {
  return Math.min(Math.max(Math.floor(coordinate + 0.5), 0), size);
}
