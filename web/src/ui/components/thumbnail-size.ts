/** One size everywhere: what is kept for offline fits every place. Pixels. */
export const thumbnailSize = 384;
