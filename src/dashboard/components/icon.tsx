/** Icons as paths, 16 × 16, with one stroke, so that the page loads no font and no image for them. */
const PATHS = {
  overview: "M2.5 13.5v-5m3.7 5v-8m3.6 8V8m3.7 5.5v-11",
  jobs: "M5.5 4h8m-8 4h8m-8 4h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  image: "M2.5 3.5h11v9h-11zM2.5 11l3-3 2.5 2.5 2-2 3.5 3.5M10.5 6.25h.01",
  mail: "M2.5 3.5h11v9h-11zM2.5 4.5 8 8.5l5.5-4",
  people:
    "M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5zM2 13v-.75a4 4 0 0 1 8 0V13M10.25 3.2a2.25 2.25 0 0 1 0 4.1M11.5 9a4 4 0 0 1 2.5 3.4V13",
  alert: "M8 2.5 14 13H2zM8 6.5v3M8 11.25h.01",
  bell: "M4.5 11.5V7.25a3.5 3.5 0 0 1 7 0v4.25l1 1h-9zM7 14h2M8 3.75V2.5",
  report: "M3.5 2h6l3 3v9h-9zM9.5 2v3h3M6 11V9m2 2V7.5M10 11v-1",
  card: "M2 4h12v8.5H2zM2 7h12M4.5 10h3",
  table: "M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.75h11M6.5 6.5V13",
  upload: "M8 10V2.5m-3 3 3-3 3 3M3 13h10",
  download: "M8 2.5v7.5m-3-3 3 3 3-3M3 13h10",
  inbox: "M2.5 9h3l1 2h3l1-2h3M2.5 9v4h11V9l-2-5.5h-7z",
  external: "M6.5 3.5h-3v9h9v-3M9 3h4v4M13 3 7.5 8.5",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.25 10.25l3.25 3.25",
  close: "m4 4 8 8m0-8-8 8",
  check: "m3 8.5 3.25 3.25L13 5",
  retry: "M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.75V6H9.75",
  flag: "M4 14V2.5m0 .5h8l-2 3 2 3H4",
  key: "M9.5 9.5a3.25 3.25 0 1 0-3-3L2.5 10.5v3h3v-2h2v-2zM10.5 5.5h.01",
  sun: "M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM8 1.5v1.25m0 10.5v1.25M1.5 8h1.25m10.5 0h1.25M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9",
  moon: "M13.25 9.75A5.5 5.5 0 0 1 6.25 2.75a5.5 5.5 0 1 0 7 7z",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5",
  back: "M9.5 3.5 5 8l4.5 4.5",
  clock: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3l2 1.5",
  leave: "M9.5 3.5h-6v9h6M7 8h6.5m-2.5-2.5L13.5 8 11 10.5",
  undo: "M6 13h3.75a3.5 3.5 0 0 0 0-7H2.5M5.5 3l-3 3 3 3",
  pause: "M5.5 3.5v9m5-9v9",
  play: "M5 3.5 12.5 8 5 12.5z",
  stop: "M4 4h8v8H4z",
  help: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM6.5 6.5a1.5 1.5 0 1 1 2.25 1.3c-.5.3-.75.6-.75 1.2M8 11h.01",
  offline: "M2 2l12 12M5 8.5a4.5 4.5 0 0 1 1.5-1M3 6.3a7.5 7.5 0 0 1 1.7-1.1M8 5c1.9 0 3.7.7 5 2M8 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
