import type { Database } from "bun:sqlite";

/** The size of more recordings than these is summed now and then: an index of a million takes 26 ms. */
const RECORDINGS_MAX = 50_000;
const EVERY_MS = 60_000;

export type SumRecordings = (sqlite: Database, nowMs: number) => number;

const SUM = `
  SELECT count(*) AS count, total(audio_bytes) AS bytes FROM conversations INDEXED BY conversations_audio_bytes
  WHERE audio_bytes IS NOT NULL`;

/**
 * Makes what sums the bytes of all recordings. The sum of few is always of now; that of many is at most a minute old, since
 * the page and monitoring ask every few seconds, and searches wait meanwhile.
 *
 * @param recordingsMax more than these are many
 */
export function createSumRecordings(recordingsMax = RECORDINGS_MAX): SumRecordings {
  let many: { bytes: number; atMs: number } | null = null;

  return (sqlite, nowMs) => {
    const ageMs = many === null ? Infinity : nowMs - many.atMs;
    // A clock that was set back makes it no younger.
    if (many !== null && ageMs >= 0 && ageMs < EVERY_MS) return many.bytes;
    const row = sqlite.query<{ count: number; bytes: number }, []>(SUM).get();
    if (row === null) throw new Error("a query of sums has no row");
    many = row.count > recordingsMax ? { bytes: row.bytes, atMs: nowMs } : null;
    return row.bytes;
  };
}
