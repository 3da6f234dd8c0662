/** The app's icons: strokes on a 20-pixel square, in the colour of the text around them. */

const paths = {
  alert: 'M10 3 18 17H2L10 3Zm0 5v4m0 2.4v.1',
  back: 'M12 4 6 10l6 6',
  box: 'M4 7V4h3m6 0h3v3m0 6v3h-3m-6 0H4v-3',
  brush: 'M16.5 3.5 9 11m-1 1.2c-2 0-2.6 1.4-2.7 2.6-.1 1-.8 1.7-1.8 1.9 1.6 1 6.5 1 6.5-2.5 0-1.2-.9-2-2-2Z',
  check: 'm4 10.5 4 4 8-9',
  click: 'M10 2.5v2m-5.3.2 1.4 1.4M2.5 10h2M14 4.7l1.4-1.4M9 9l2.5 8 1.7-3.4L17 12 9 9Z',
  close: 'm5 5 10 10M15 5 5 15',
  cloud: 'M6 15.5h8a3.3 3.3 0 0 0 .4-6.6A4.5 4.5 0 0 0 5.8 8 3.8 3.8 0 0 0 6 15.5Z',
  cloudOff: 'M3 3l14 14M7.5 5.2a4.5 4.5 0 0 1 6.9 3.7 3.3 3.3 0 0 1 2.2 4.7M14 15.5H6A3.8 3.8 0 0 1 5.5 8',
  concept:
    'M9 3l1.5 4L14.5 8.5l-4 1.5L9 14l-1.5-4-4-1.5 4-1.5L9 3Zm6 9 .8 2.2 2.2.8-2.2.8L15 18l-.8-2.2-2.2-.8 2.2-.8L15 12Z',
  cursor: 'm5 3 11 6-5 1.5L8.5 16 5 3Z',
  down: 'm5 8 5 5 5-5',
  download: 'M10 3v9m-4-3.5 4 4 4-4M4 16.5h12',
  eraser: 'm3.5 12.5 8-8 5 5-6.5 6.5H6.5l-3-3.5ZM8 8l5 5M9 16.5h8',
  exemplar: 'M3.5 3.5h8v8h-8zM14.5 12v5M12 14.5h5',
  eye: 'M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10Zm8 2.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
  eyeOff:
    'M3 3l14 14M8 4.7A8 8 0 0 1 10 4.5c5 0 8 5.5 8 5.5a14 14 0 0 1-2.6 3.2M5.2 6.2A13.6 13.6 0 0 0 2 10s3 5.5 8 5.5a8 8 0 0 0 3.4-.8',
  fit: 'M3.5 7.5v-4h4m5 0h4v4m0 5v4h-4m-5 0h-4v-4M7.5 7.5h5v5h-5z',
  folder:
    'M2.5 5.5A1.5 1.5 0 0 1 4 4h3.5l2 2H16a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 16 16H4a1.5 1.5 0 0 1-1.5-1.5v-9Z',
  forward: 'm8 4 6 6-6 6',
  image: 'M3 4.5h14v11H3v-11Zm0 8.5 4-4 4 4 2-2 4 4M13 8v.1',
  keyboard: 'M2.5 5.5h15v9h-15v-9ZM5.5 8.3h.1m3 0h.1m3 0h.1m3 0h.1M7 11.8h6',
  minus: 'M4 10h12',
  monitor: 'M2.5 4h15v9.5h-15V4ZM7 17h6m-3-3.5V17',
  moon: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z',
  more: 'M4.5 10h.1m5.4 0h.1m5.4 0h.1',
  plus: 'M10 4v12M4 10h12',
  redo: 'M16 8H8.5a4.5 4.5 0 0 0 0 9H11m5-9-4-4m4 4-4 4',
  retry: 'M16 10a6 6 0 1 1-1.8-4.3M16 3v4h-4',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 4 4',
  settings: 'M3 6h8m4 0h2M3 14h2m4 0h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  storage:
    'M3.5 5.5c0-1.4 2.9-2.5 6.5-2.5s6.5 1.1 6.5 2.5S13.6 8 10 8 3.5 6.9 3.5 5.5Zm0 0v9C3.5 15.9 6.4 17 10 17s6.5-1.1 6.5-2.5v-9M3.5 10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1m9.2 9.2 1.1 1.1m0-11.4-1.1 1.1m-9.2 9.2-1.1 1.1',
  trash: 'M3.5 5.5h13M8 5.5V3.5h4v2m-6.5 0 .8 11h7.4l.8-11M8.5 8.5v5m3-5v5',
  undo: 'M4 8h7.5a4.5 4.5 0 0 1 0 9H9M4 8l4-4M4 8l4 4',
  upload: 'M10 13V4m-4 3.5 4-4 4 4M4 16.5h12',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
