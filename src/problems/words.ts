const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `1 event`, `18,204 events`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** `3 h ago`. */
export function ago(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.floor(ms / DAY_MS)} days ago`;
  if (ms >= HOUR_MS) return `${Math.floor(ms / HOUR_MS)} h ago`;
  return `${Math.max(0, Math.floor(ms / MINUTE_MS))} min ago`;
}
