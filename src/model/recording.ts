import { basename } from "node:path";

/** A recording on disk. */
export type Recording = {
  /** Relative to the folder of the recordings: `2026/11/02/conv_1.mp3`. */
  path: string;
  byteCount: number;
  /** Lower-case hex. */
  sha256: string;
};

const ENDING = ".mp3";
const SAFE_ID = /^[A-Za-z0-9_-]{1,128}$/;
const ID_HASH = "sha256-";
const YEAR_MIN = 2020;
const YEAR_MAX = 2099;
// The ids of recordings that were adopted are whatever their files were called.
const PATH = /^[0-9]{4}\/[0-9]{2}\/[0-9]{2}\/[^/\p{Cc}]{1,240}\.mp3$/u;
const HASHED = /^(.*)-([0-9a-f]{64}|[0-9a-f]{12})$/;

/**
 * The paths that a recording may have, relative to the folder of the recordings. The second one is for a conversation
 * that has another recording of that day already.
 */
export function pathsOfRecording(about: {
  conversationId: string;
  sha256: string;
  eventTimestamp: number | null;
  receivedAtMs: number;
}): [first: string, second: string] {
  const { conversationId, sha256, eventTimestamp, receivedAtMs } = about;
  const stem = `${dayOf(eventTimestamp, receivedAtMs)}/${stemOf(conversationId)}`;
  return [stem + ENDING, `${stem}-${sha256.slice(0, 12)}${ENDING}`];
}

/** The name of a conversation's first recording, without its ending: never an unchecked id. */
export function stemOf(conversationId: string): string {
  if (SAFE_ID.test(conversationId)) return conversationId;
  return ID_HASH + new Bun.CryptoHasher("sha256").update(conversationId).digest("hex");
}

/** The path in a bucket, where every name holds the whole hash: two receivers that write to it write the same bytes. */
export function objectPathOf(path: string, sha256: string): string {
  return `${path.slice(0, -ENDING.length)}-${sha256}${ENDING}`;
}

/** `YYYY/MM/DD` of the event in UTC, or of its receipt if the event has no sensible date. */
function dayOf(eventTimestamp: number | null, receivedAtMs: number): string {
  const event = new Date((eventTimestamp ?? Number.NaN) * 1000);
  const year = event.getUTCFullYear();
  const date = year >= YEAR_MIN && year <= YEAR_MAX ? event : new Date(receivedAtMs);
  return date.toISOString().slice(0, 10).replaceAll("-", "/");
}

/** True for a path that the program gives. That in a row may be another: the database may come from anybody. */
export function isRecordingPath(path: string): boolean {
  return PATH.test(path);
}

/** True for the name of a recording within its day's folder. */
export function isRecordingName(name: string): boolean {
  return name.endsWith(ENDING);
}

/**
 * What a recording's path says: the stem of its name, and `second` if that looks like the name of a second recording, or
 * of one in a bucket. Another conversation's id may look like that too: the hash of the content tells.
 */
export function readPath(path: string): {
  stem: string;
  second: { stemOfFirst: string; hashStart: string } | null;
} {
  const stem = basename(path, ENDING);
  const [, stemOfFirst, hashStart] = HASHED.exec(stem) ?? [];
  const isSecond = stemOfFirst !== undefined && hashStart !== undefined;
  return { stem, second: isSecond ? { stemOfFirst, hashStart } : null };
}

/** Which conversation a recording is of: its id, or the id's hash if the name holds that. */
export function conversationOf(
  path: string,
  sha256: string,
): { conversationId: string } | { conversationSha256: string } {
  const { stem, second } = readPath(path);
  const first = second !== null && sha256.startsWith(second.hashStart) ? second.stemOfFirst : stem;
  return first.startsWith(ID_HASH)
    ? { conversationSha256: first.slice(ID_HASH.length) }
    : { conversationId: first };
}
