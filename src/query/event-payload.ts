import type { Reader } from "./reader.ts";

export type StoredPayload = {
  /** Of the body as it was received. */
  bodyBytes: number;
  /** Relative to the folder of the database; null where the payload is in the row, or nowhere. */
  path: string | null;
  /** Of what is in the row; null where nothing is. */
  byteCount: number | null;
  isJson: boolean;
};

const FIND = `
  SELECT body_bytes AS bodyBytes, payload_path AS path, octet_length(payload) AS byteCount,
    status = 'processed' OR coalesce(typeof(payload) = 'text' AND json_valid(payload), 0) AS isJson
  FROM events WHERE id = ?`;

const READ = "SELECT substr(CAST(payload AS BLOB), ? + 1, ?) AS piece FROM events WHERE id = ?";

/** Where an event's payload is, and what; null where there is no such event. */
export function findPayload({ sqlite }: Reader, id: number): StoredPayload | null {
  const row = sqlite.query<Omit<StoredPayload, "isJson"> & { isJson: number }, [number]>(FIND).get(id);
  return row === null ? null : { ...row, isJson: row.isJson === 1 };
}

/** A part of the payload in an event's row; null where there is none (any more). */
export function readPayload(
  { sqlite }: Reader,
  part: { id: number; from: number; bytesMax: number },
): Uint8Array | null {
  const { id, from, bytesMax } = part;
  return sqlite.query<{ piece: Uint8Array | null }, number[]>(READ).get(from, bytesMax, id)?.piece ?? null;
}
