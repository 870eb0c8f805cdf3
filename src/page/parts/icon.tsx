/** The page's icons: strokes on 24 by 24, drawn for this page. */
const shapes = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M20 20l-4-4",
  check: "M5 12.5 10 17 19 7.5",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  dash: "M7 12h10",
  inbound: "M17 7 7 17M7 9v8h8",
  outbound: "M7 17 17 7M9 7h8v8",
  wave: "M4 10.5v3M8 7.5v9M12 4.5v15M16 8v8M20 10.5v3",
  play: "M8 5.2v13.6L19 12z",
  pause: "M8.5 6v12M15.5 6v12",
  download: "M12 4v11M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M20 14.2A8.2 8.2 0 0 1 9.8 4 8.2 8.2 0 1 0 20 14.2",
  leave:
    "M14.5 8V5.5a1 1 0 0 0-1-1h-8a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1V16M10 12h10.5M17.5 9l3 3-3 3",
  tool: "M14.6 6.6a4.6 4.6 0 0 0-6.1 6.1L3.6 17.6l2.8 2.8 4.9-4.9a4.6 4.6 0 0 0 6.1-6.1l-2.9 2.9-2.8-2.8z",
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.4",
  back: "M14.5 6l-6 6 6 6",
  next: "M9.5 6l6 6-6 6",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.5l3 2",
  calendar: "M5 6.5h14v13H5zM5 10.5h14M9 4v4M15 4v4",
  person: "M12 12a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6M4.5 20a7.6 7.6 0 0 1 15 0",
  coin: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M14.5 9.5c-.5-1-1.5-1.3-2.5-1.3-1.4 0-2.5.7-2.5 1.9 0 2.7 5.2 1.2 5.2 3.9 0 1.2-1.2 1.9-2.7 1.9-1.2 0-2.2-.5-2.7-1.5M12 6.7v1.5M12 15.9v1.5",
  up: "M7 11v8.5M4 11h3v8.5H4zM7 11l4-7c1.5 0 2.3 1 2 2.5L12.3 10H18a2 2 0 0 1 2 2.4l-1.2 5.6a2 2 0 0 1-2 1.5H7",
  down: "M17 13V4.5M20 13h-3V4.5h3zM17 13l-4 7c-1.5 0-2.3-1-2-2.5l.7-3.5H6a2 2 0 0 1-2-2.4l1.2-5.6a2 2 0 0 1 2-1.5H17",
  book: "M5 5.5A1.5 1.5 0 0 1 6.5 4H19v13H6.5A1.5 1.5 0 0 0 5 18.5zM5 18.5A1.5 1.5 0 0 0 6.5 20H19v-3",
  file: "M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  copy: "M9 9h10.5v10.5H9zM6 15H4.5V4.5H15V6",
  inbox: "M4 13.5 6.5 5h11L20 13.5V19H4zM4 13.5h4.5l1.5 2.5h4l1.5-2.5H20",
  keyboard: "M3.5 7h17v10.5h-17zM7 10.5h.1M10.5 10.5h.1M14 10.5h.1M17 10.5h.1M8 14h8",
  hourglass: "M7 4h10M7 20h10M8 4c0 5 8 5 8 8s-8 3-8 8M16 4c0 5-8 5-8 8s8 3 8 8",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class={`icon i-${name}`} width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

/** The product's mark: three bars of a voice. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" />
      <path d="M7 10v4M12 6v12M17 9v6" />
    </svg>
  );
}
