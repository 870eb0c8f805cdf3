import { Database } from "bun:sqlite";
import { isUtf8 } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execute, isShared, writeObject } from "./shared-store.ts";

const ROW_BYTES_MAX = 1024 * 1024;

/** The same of a receiver of the end-to-end tests, in files or in Postgres and a bucket. */
export async function quarantineIn(
  { folder, data }: { folder: string; data: Record<string, string> },
  body: string,
): Promise<void> {
  if (!isShared) {
    quarantineAsBefore(join(folder, "transcripts.sqlite"), body);
    return;
  }
  const bytes = Buffer.from(body);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const path = bytes.byteLength > ROW_BYTES_MAX ? `quarantine/${sha256}.body` : null;
  if (path !== null) await writeObject(data, path, bytes);
  const payload = path === null ? `decode('${bytes.toString("hex")}', 'hex')` : "NULL";
  execute(
    data,
    `INSERT INTO events (type, received_at, status, error, body_sha256, body_bytes, payload, payload_path)
     VALUES ('not_known_then', ${Date.now()}, 'quarantined', 'unknown_type: this version does not know the type',
       '${sha256}', ${bytes.byteLength}, ${payload}, ${path === null ? "NULL" : `'${path}'`})`,
  );
}

/**
 * Leaves a body as an earlier version did that could not process it: in the event's row, or as a file beside the
 * database. Returns the event's id.
 */
export function quarantineAsBefore(
  databasePath: string,
  body: string | Uint8Array,
  more: { conversationId?: string; receivedAtMs?: number; error?: string } = {},
): number {
  const bytes = Buffer.from(body);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const path = bytes.byteLength > ROW_BYTES_MAX ? `quarantine/${sha256}.body` : null;
  if (path !== null) {
    mkdirSync(join(dirname(databasePath), "quarantine"), { recursive: true });
    writeFileSync(join(dirname(databasePath), path), bytes);
  }
  const inRow = isUtf8(bytes) ? bytes.toString() : bytes;
  const database = new Database(databasePath);
  try {
    const row = database
      .query<{ id: number }, (string | number | Uint8Array | null)[]>(
        `INSERT INTO events (type, conversation_id, received_at, status, error, body_sha256, body_bytes, payload, payload_path)
         VALUES (?, ?, ?, 'quarantined', ?, ?, ?, ?, ?) RETURNING id`,
      )
      .get(
        "not_known_then",
        more.conversationId ?? null,
        more.receivedAtMs ?? Date.now(),
        more.error ?? "unknown_type: this version does not know the type",
        sha256,
        bytes.byteLength,
        path === null ? inRow : null,
        path,
      );
    if (row === null) throw new Error("no row");
    return row.id;
  } finally {
    database.close();
  }
}
