import { signal } from "@preact/signals";
import { get } from "../lib/api.ts";
import type { AnswerOf, Failure } from "../lib/api.ts";

export type Call = AnswerOf<"/conversations">["conversations"][number];

/** So many rows a page holds at most: then a date leads further. */
export const ROWS_MAX = 1_000;
const ROWS_AT_ONCE = 50;
/** A search may answer with empty pages while it goes on: so many are followed without showing anything. */
const EMPTY_PAGES_MAX = 200;

export type Calls = {
  /** What they are the answer to; null before the first question. */
  key: string | null;
  rows: Call[];
  /** Continues the list; null at its end. */
  next: string | null;
  isLoading: boolean;
  failure: Failure | null;
};

const nothing = (key: string | null): Calls => ({
  key,
  rows: [],
  next: null,
  isLoading: true,
  failure: null,
});

/** The list as far as it was fetched. It outlives its view, so that Back returns to the same place. */
export const calls = signal<Calls>(nothing(null));

let running = new AbortController();

/** Shows the list for a question: what is here already stays, anything else is fetched from its beginning. */
export async function showCalls(asked: Record<string, string>, key: string): Promise<void> {
  if (calls.value.key === key && calls.value.failure === null) return;
  await load(asked, nothing(key));
}

/** Adds a page. */
export async function moreCalls(asked: Record<string, string>): Promise<void> {
  const { isLoading, next, rows } = calls.value;
  if (isLoading || next === null || rows.length >= ROWS_MAX) return;
  await load(asked, calls.value);
}

async function load(asked: Record<string, string>, known: Calls): Promise<void> {
  running.abort();
  const abort = new AbortController();
  running = abort;
  calls.value = { ...known, isLoading: true, failure: null };
  const wanted = Math.min(ROWS_MAX, known.rows.length + ROWS_AT_ONCE);
  let next = known.next;
  for (let pages = 0; pages < EMPTY_PAGES_MAX; pages += 1) {
    const query = { ...asked, limit: String(ROWS_AT_ONCE), ...(next !== null && { cursor: next }) };
    const result = await get("/conversations", { query, signal: abort.signal });
    if (abort.signal.aborted) return;
    if (!result.ok) {
      calls.value = { ...calls.value, isLoading: false, failure: result };
      return;
    }
    next = result.value.next_cursor;
    const rows = [...calls.value.rows, ...result.value.conversations].slice(0, ROWS_MAX);
    calls.value = { ...calls.value, rows, next };
    if (next === null || rows.length >= wanted) break;
  }
  calls.value = { ...calls.value, isLoading: false };
}

/** Puts calls that arrived since in front, if the list is shown from its beginning. */
export async function refreshCalls(asked: Record<string, string>): Promise<void> {
  const { key, isLoading } = calls.value;
  if (isLoading) return;
  const result = await get("/conversations", { query: { ...asked, limit: String(ROWS_AT_ONCE) } });
  if (!result.ok || calls.value.key !== key || calls.value.isLoading) return;
  const { rows, next } = calls.value;
  const fresh = result.value.conversations;
  const ids = new Set(fresh.map(({ conversation_id: id }) => id));
  const known = rows.filter(({ conversation_id: id }) => !ids.has(id));
  // Of more than a page, some would be left out in between: the list begins again.
  const isGap = fresh.length === ROWS_AT_ONCE && known.length === rows.length && rows.length > 0;
  calls.value = isGap
    ? { ...calls.value, rows: fresh, next: result.value.next_cursor }
    : {
        ...calls.value,
        rows: [...fresh, ...known].slice(0, ROWS_MAX),
        next: rows.length === 0 ? result.value.next_cursor : next,
      };
}

/** Removes a call that was erased. */
export function forgetCall(id: string): void {
  calls.value = { ...calls.value, rows: calls.value.rows.filter((row) => row.conversation_id !== id) };
}

export function forgetCalls(): void {
  running.abort();
  calls.value = nothing(null);
}
