import { signal } from "@preact/signals";
import { get, session } from "./api.ts";
import type { AnswerOf } from "./api.ts";
import { route } from "./route.ts";

export type ReceiverState = AnswerOf<"/state">;

const FIRST_MS = 1_000;
const POLL_MS = 8_000;
const STATE_MS = 60_000;
/** The receiver gives up its own questions after 30 s: later than that, it hangs. */
const ANSWER_MS_MAX = 40_000;

/** What the receiver says of itself; null until it has been asked, or if it does not answer. */
export const state = signal<ReceiverState | null>(null);
export const isReachable = signal(true);
/** The time, for what is told as "2 min ago". */
export const nowMs = signal(Date.now());
/** Counts how often new events were seen. */
export const arrivals = signal(0);

let lastEventId: number | null = null;
let stateAtMs = Number.NEGATIVE_INFINITY;
let isLooking = false;

/** Asks the receiver again and again for what is new, while somebody looks. */
export function followReceiver(): void {
  const look = () => {
    if (document.visibilityState === "visible" && !isLooking) void tick();
  };
  setInterval(look, POLL_MS);
  document.addEventListener("visibilitychange", look);
  // The view's own questions come first.
  session.subscribe((value) => {
    if (value === "in") setTimeout(look, FIRST_MS);
  });
}

async function tick(): Promise<void> {
  nowMs.value = Date.now();
  if (session.value !== "in") return;
  isLooking = true;
  try {
    const isNew = await hasNews();
    const isOld = Date.now() - stateAtMs > STATE_MS;
    if (isNew || isOld || !isReachable.value || isWatched()) await refreshState();
    if (isNew) arrivals.value += 1;
  } finally {
    isLooking = false;
  }
}

/** Whether somebody may be at work on a fault, and waits to see it gone. */
function isWatched(): boolean {
  return route.peek().view === "receiver" || state.peek()?.health.status === "unhealthy";
}

/** Whether an event has arrived since the last look; at the first one, since the page was opened: nobody knows. */
async function hasNews(): Promise<boolean> {
  const isFirst = lastEventId === null;
  const query: Record<string, string> =
    lastEventId === null ? { limit: "1" } : { after: String(lastEventId), limit: "200" };
  const result = await get("/events", { query, signal: untilLate() });
  if (!result.ok) {
    if (result.code === "unreachable") isReachable.value = false;
    return false;
  }
  const { events, next_after: nextAfter } = result.value;
  lastEventId = nextAfter ?? events[0]?.id ?? 0;
  return isFirst || events.length > 0;
}

/** Aborts a question that is not answered in time. */
function untilLate(): AbortSignal {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), ANSWER_MS_MAX);
  return abort.signal;
}

/** Asks for the receiver's state now. */
export async function refreshState(): Promise<void> {
  const result = await get("/state", { signal: untilLate() });
  isReachable.value = result.ok || result.code !== "unreachable";
  if (!result.ok) return;
  stateAtMs = Date.now();
  nowMs.value = stateAtMs;
  state.value = result.value;
}
