/** Which images of a project are shown. */
import type { EncodingStatus, Image } from '../../api/types';

export interface ImageFilter {
  readonly text: string; // in the file's name, letters large or small
  readonly status: EncodingStatus | 'any';
  readonly label: string; // empty: any
}

export const noFilter: ImageFilter = { text: '', status: 'any', label: '' };

/** `labelsOf`: the labels of an image's objects; of images that were not looked into, none. */
export function filterImages(
  images: readonly Image[],
  filter: ImageFilter,
  labelsOf: (id: string) => readonly string[],
): readonly Image[] {
  const text = filter.text.trim().toLowerCase();
  if (!text && filter.status === 'any' && !filter.label) return images;
  return images.filter(
    (image) =>
      (!text || image.filename.toLowerCase().includes(text)) &&
      (filter.status === 'any' || image.encoding_status === filter.status) &&
      (!filter.label || labelsOf(image.id).includes(filter.label)),
  );
}
