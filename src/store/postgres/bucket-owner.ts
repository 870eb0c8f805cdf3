import { randomBytes } from "node:crypto";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import { OtherOwnerError } from "../files/recordings-owner.ts";
import { ObjectFault } from "../objects/faults.ts";
import type { Objects } from "../objects/objects.ts";
import type { Pool, Query } from "./pool.ts";
import { getFact } from "./state.ts";

type Bucket = Pick<Objects, "readMark" | "writeMark">;

/**
 * Makes sure that no other database has its objects in the bucket: each of the two would adopt the other's recordings, and
 * erase them when they are too old. A bucket without a mark is this database's from now on.
 *
 * @param takesOver whether to take the bucket from another database
 * @throws OtherOwnerError; ObjectFault; PostgresFault
 */
export async function claimBucket(options: {
  pool: Pool;
  objects: Bucket;
  takesOver: boolean;
  log: Log;
}): Promise<void> {
  const { pool, objects, takesOver, log } = options;
  const id = await ownerId(pool.query);
  const mark = await objects.readMark();
  if (mark === id) return;
  if (mark !== null && !takesOver) throw new OtherOwnerError(refusal(pool.where, id, mark));
  await objects.writeMark(id);
  if (mark === null) return;
  log.warning("The bucket of the recordings was another database's, and is this one's from now on", {
    before: shown(mark),
  });
}

/** The same at a start, which a bucket that can't be asked does not keep from receiving. @throws OtherOwnerError; PostgresFault */
export async function claimBucketIfThere(options: Parameters<typeof claimBucket>[0]): Promise<void> {
  try {
    await claimBucket(options);
  } catch (error) {
    if (!(error instanceof ObjectFault)) throw error;
    options.log.warning(`Whose the bucket is could not be asked yet: ${faultText(error)}`);
  }
}

/** Whether a bucket is marked as this database's: one that was named by mistake is not. */
export async function isBucketOurs(query: Query, objects: Bucket): Promise<boolean> {
  return (await objects.readMark()) === (await getFact(query, "recordings_owner"));
}

/** The same for all instances, also of those that start at the same moment. */
async function ownerId(query: Query): Promise<string> {
  const known = await getFact(query, "recordings_owner");
  if (known !== null) return known;
  const text = "INSERT INTO state (name, value) VALUES ('recordings_owner', $1) ON CONFLICT DO NOTHING";
  await query(text, [randomBytes(16).toString("hex")]);
  return (await getFact(query, "recordings_owner")) ?? "";
}

function refusal(where: string, id: string, mark: string): string {
  return (
    `the objects in AUDIO_STORAGE_PATH belong to another database (owner ${shown(mark)}), not to that of ${where} (owner ${id}). ` +
    "Two databases in one place would erase each other's recordings: give this one an AUDIO_STORAGE_PATH of its own. " +
    "If the other database is gone and this one is to have the recordings, start it once with --take-over-audio, or remove " +
    "the object .owner"
  );
}

/** A mark may have been written by anybody: nothing else of it reaches a log. */
function shown(mark: string): string {
  return /^[0-9a-f]{32}$/.test(mark) ? mark : "unknown";
}
