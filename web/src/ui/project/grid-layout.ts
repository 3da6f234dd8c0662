/** Where the tiles of a long list are, so that only those on the screen need to exist. */
export interface GridLayout {
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly rowHeight: number;
  readonly height: number;
}

export const gap = 16;
const leastTileWidth = 168;
const captionHeight = 56;

export function layoutGrid(count: number, width: number): GridLayout {
  const columns = Math.max(1, Math.floor((width + gap) / (leastTileWidth + gap)));
  const tileWidth = Math.max(1, (width - (columns - 1) * gap) / columns);
  const rowHeight = Math.round(tileWidth * 0.75) + captionHeight + gap;
  const rows = Math.ceil(count / columns);
  return { columns, rows, tileWidth, rowHeight, height: rows * rowHeight };
}

/** The rows on the screen, and some around them for a fast thumb. `top`: how far the grid is scrolled. */
export function visibleRows(layout: GridLayout, top: number, height: number): { first: number; end: number } {
  const around = 3;
  const first = Math.max(0, Math.floor(top / layout.rowHeight) - around);
  const end = Math.min(layout.rows, Math.ceil((top + height) / layout.rowHeight) + around);
  return { first: Math.min(first, end), end };
}

/** Where the arrow keys lead from a tile; null: nowhere. */
export function neighbourOf(index: number, key: string, count: number, columns: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  };
  if (!(key in steps)) return null;
  const next = index + steps[key];
  return next >= 0 && next < count ? next : null;
}
