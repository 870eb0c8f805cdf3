import { randomBytes } from "node:crypto";
import type { Ask, Dialect } from "./dialect.ts";
import { uploadOf } from "./dialect.ts";
import { ObjectFault } from "./faults.ts";
import type { BucketAnswer } from "./send.ts";

const DAY_MS = 86_400_000;
const NOTICE_DAYS = 14;

/** What was found; `remedy` is null if nothing is wrong. */
export type BucketFinding = { level: "ok" | "warning" | "error"; text: string; remedy: string | null };

type SendOne = (ask: Ask) => Promise<BucketAnswer>;

/** Tries everything that is done with the bucket, and looks how long the access lasts. */
export async function checkBucket(dialect: Dialect, send: SendOne): Promise<BucketFinding[]> {
  const { place } = dialect;
  try {
    const { keepsVersions } = await tryBucket(dialect, send);
    return [
      { level: "ok", text: `${place} can be written, read, listed and deleted from`, remedy: null },
      ...(keepsVersions ? [versionsOf(place)] : []),
      ...endOf(dialect, Date.now()),
    ];
  } catch (error) {
    if (!(error instanceof ObjectFault)) throw error;
    return [{ level: "error", text: error.what, remedy: sentenceOf(error.remedy) }];
  }
}

/** Writes a small object, reads it, finds it in a list and deletes it. @throws ObjectFault */
export async function tryBucket(dialect: Dialect, send: SendOne): Promise<{ keepsVersions: boolean }> {
  const key = `.check-${randomBytes(8).toString("hex")}`;
  const bytes = Buffer.from(key);
  const put = await send({ method: "PUT", key, upload: uploadOf(bytes) });
  const got = await send({ method: "GET", key, range: { first: 0, last: bytes.byteLength - 1 } });
  const listed = await send(dialect.list(key, null, 1));
  const removed = await send({ method: "DELETE", key });
  if (!bytes.equals(got.bytes) || !new TextDecoder().decode(listed.bytes).includes(key)) {
    const what = `${dialect.place}: what is written can't be read at once`;
    throw new ObjectFault(what, "use a bucket that is consistent", "INCONSISTENT", true);
  }
  return { keepsVersions: dialect.keepsVersions(put.headers, removed.headers) };
}

function versionsOf(place: string): BucketFinding {
  return {
    level: "warning",
    text: `${place} keeps old versions of what is deleted: what is erased stays there`,
    remedy: "Switch versioning and soft delete off, or have old versions deleted after some days.",
  };
}

function endOf({ place, endsAtMs, settings }: Dialect, nowMs: number): BucketFinding[] {
  if (endsAtMs === null || endsAtMs - nowMs >= NOTICE_DAYS * DAY_MS) return [];
  const text = `${place}: the access ends at ${new Date(endsAtMs).toISOString()}`;
  return [{ level: "warning", text, remedy: `Make a new SAS and set ${settings.keys} again.` }];
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
