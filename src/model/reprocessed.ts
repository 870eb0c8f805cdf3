/** Quarantined events that have become processed ones: they keep their ids, and readers that follow ids have passed them. */
export type Reprocessed = {
  /** Of all times. */
  count: number;
  /** The last of them, in order. */
  eventIds: number[];
};

/** The ids of reprocessed events that are remembered. */
const REPROCESSED_MAX = 1000;

/** Reads what `withReprocessed` has written; null: nothing yet. */
export function readReprocessedText(text: string | null): Reprocessed {
  const [count = 0, ...eventIds] = (text ?? "").split(" ").map(Number);
  return { count, eventIds };
}

/** The text with one more event: the count, then the ids. */
export function withReprocessed(text: string | null, eventId: number): string {
  const { count, eventIds } = readReprocessedText(text);
  const ids = [...eventIds, eventId].slice(-REPROCESSED_MAX);
  return [count + 1, ...ids].join(" ");
}
