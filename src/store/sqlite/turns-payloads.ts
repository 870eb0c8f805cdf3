import type { Database } from "bun:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../../platform/errors.ts";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import { factsOfPayload } from "../../vendor/derive.ts";
import { withDatabase } from "./open.ts";
import { readableCopy } from "../../model/readable-copy.ts";
import type { StateName } from "./state.ts";

const NAME = "turns_payloads" satisfies StateName;

// A slice takes a few milliseconds, in which deliveries wait.
const SLICE_ROWS_MAX = 64;
const SLICE_BYTES_MAX = 256 * 1024;
const PAUSE_MS = 10;
/** How far it has come is written down this often: each time is a flush to disk. */
const SLICES_BETWEEN_NOTES = 256;

type Row = { id: number; type: string | null; payload: string };

type Options = { databasePath: string; log: Log };

/**
 * Fills `events.turns_payload` of rows that were written without: by versions before schema 5, which may have been at
 * work on the data again since. Begins where it has come to, at the first event if one of those has become a processed
 * one.
 *
 * @param predecessorEnded what an older predecessor still writes comes first
 * @returns ends it
 */
export function startTurnsPayloads(options: Options & { predecessorEnded: Promise<unknown> }): () => void {
  const ending = new AbortController();
  void options.predecessorEnded.then(() => fillTurnsPayloads(options, ending.signal));
  return () => ending.abort();
}

/** Resolves when all rows have been looked at, or when it is to end. */
export async function fillTurnsPayloads(options: Options, signal: AbortSignal): Promise<void> {
  const { databasePath, log } = options;
  if (signal.aborted) return;
  try {
    const count = await withDatabase(databasePath, (sqlite) => fill(sqlite, signal));
    if (count > 0) log.info("Made turns readable that other programs could not read", { events: count });
  } catch (error) {
    log.warning(`Turns that other programs can't read stay so until the next start: ${faultText(error)}`, {
      error: errorCode(error),
    });
  }
}

/** Returns how many rows have got a copy. */
async function fill(sqlite: Database, signal: AbortSignal): Promise<number> {
  const lastId = Number(sqlite.query("SELECT max(id) FROM events").values()[0]?.[0] ?? 0);
  let count = 0;
  let eventId = readProgress(sqlite);
  for (let slice = 1; eventId < lastId && !signal.aborted; slice += 1) {
    const toId = endOfSlice(sqlite, eventId);
    count += fillSlice(sqlite, eventId, toId);
    eventId = toId;
    if (slice % SLICES_BETWEEN_NOTES === 0) writeProgress(sqlite, eventId);
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
  }
  writeProgress(sqlite, eventId);
  return count;
}

/** The last row of the next slice: what a row holds is not read for that. */
function endOfSlice(sqlite: Database, afterId: number): number {
  const rows = sqlite
    .query<{ id: number; byteCount: number | null }, [number, number]>(
      "SELECT id, octet_length(payload) AS byteCount FROM events WHERE id > ? ORDER BY id LIMIT ?",
    )
    .all(afterId, SLICE_ROWS_MAX);
  let byteCount = 0;
  let end = rows[0]?.id ?? afterId;
  for (const row of rows) {
    byteCount += row.byteCount ?? 0;
    if (byteCount > SLICE_BYTES_MAX) break;
    end = row.id;
  }
  return end;
}

function fillSlice(sqlite: Database, afterId: number, toId: number): number {
  const rows = sqlite
    .query<Row, [number, number]>(
      `SELECT id, type, payload FROM events
       WHERE id > ? AND id <= ? AND status = 'processed' AND typeof(payload) = 'text' AND turns_payload IS NULL
         AND (instr(payload, '\\u0000') OR instr(payload, '\\ud') OR instr(payload, '\\uD'))`,
    )
    .all(afterId, toId);
  const update = sqlite.query("UPDATE events SET turns_payload = ? WHERE id = ?");
  let count = 0;
  for (const row of rows) {
    const copy = copyOf(row);
    if (copy === null) continue;
    update.run(copy, row.id);
    count += 1;
  }
  return count;
}

/** null if there is no need of one. */
function copyOf({ type, payload }: Row): string | null {
  try {
    const holdsTurns = factsOfPayload(payload, type)?.holdsTurns === true;
    return holdsTurns ? readableCopy(Buffer.from(payload)) : null;
  } catch {
    // A payload that somebody has changed must not keep all others from being filled.
    return null;
  }
}

/**
 * The last event that needs no look any more: 0 if fewer up to it are quarantined than when it was noted, since an
 * earlier version may have processed those.
 */
function readProgress(sqlite: Database): number {
  const row = sqlite.query<{ value: unknown }, [string]>("SELECT value FROM state WHERE name = ?").get(NAME);
  const [eventId = 0, quarantined = 0] = String(row?.value ?? "0 0")
    .split(" ")
    .map(Number);
  return quarantinedUpTo(sqlite, eventId) === quarantined ? eventId : 0;
}

function writeProgress(sqlite: Database, eventId: number): void {
  sqlite
    .query("INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
    .run(NAME, `${eventId} ${quarantinedUpTo(sqlite, eventId)}`);
}

function quarantinedUpTo(sqlite: Database, eventId: number): number {
  const sql = "SELECT count(*) FROM events WHERE status = 'quarantined' AND id <= ?";
  return Number(sqlite.query(sql).values(eventId)[0]?.[0] ?? 0);
}
