import type { Database } from "bun:sqlite";
import type { StateName, StateStore } from "./state.ts";

const EVENT_IDS_MAX = 1000;

const NAME = "reprocessed" satisfies StateName;

/** Quarantined events that have become processed ones: they keep their ids, and readers that follow ids have passed them. */
export type Reprocessed = {
  /** Of all times. */
  count: number;
  /** The last of them, in order. */
  eventIds: number[];
};

/** Remembers an event that has been reprocessed; in the same transaction. */
export function noteReprocessed(state: StateStore, eventId: number): void {
  const { count, eventIds } = parsed(state.get(NAME));
  const ids = [...eventIds, eventId].slice(-EVENT_IDS_MAX);
  state.set(NAME, [count + 1, ...ids].join(" "));
}

export function readReprocessed(sqlite: Database): Reprocessed {
  const row = sqlite.query<{ value: unknown }, [string]>("SELECT value FROM state WHERE name = ?").get(NAME);
  return parsed(String(row?.value ?? ""));
}

/** The count, then the ids. */
function parsed(text: string | null): Reprocessed {
  const [count = 0, ...eventIds] = (text ?? "").split(" ").map(Number);
  return { count, eventIds };
}
