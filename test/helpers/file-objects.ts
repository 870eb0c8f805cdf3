import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../src/platform/log.ts";
import {
  bodyFiles,
  openBodyIntake,
  openRecordingIntake,
  recordingFiles,
} from "../../src/store/files/blobs.ts";
import { createLeftovers } from "../../src/store/files/leftovers.ts";
import type { Objects } from "../../src/store/objects/objects.ts";

/** Files in place of a bucket, for tests of what stores the rows: a bucket takes half a minute to start. */
export async function openFileObjects(
  folder: string,
  { storesRecordings, log }: { storesRecordings: boolean; log: Log },
): Promise<Objects> {
  const recordingsFolder = join(folder, "audio");
  mkdirSync(recordingsFolder, { recursive: true });
  const leftovers = createLeftovers(log, () => {});
  const taking = { databasePath: join(folder, "none"), leftovers, requireRoom: () => {}, isShared: false };
  const kept = { bodies: bodyFiles(folder), recordings: recordingFiles(recordingsFolder) };
  const mark = join(folder, ".owner");
  const newBodies = await openBodyIntake(folder, taking);
  return {
    bodies: { ...kept.bodies, ...newBodies },
    recordings: kept.recordings,
    newRecordings: storesRecordings ? await openRecordingIntake(recordingsFolder, taking) : null,
    async *pages(kind, prefix = "") {
      const names = (await kept[kind].list()).filter((name) => name.startsWith(prefix));
      const facts = await Promise.all(
        names.map(async (name) => ({ name, facts: await kept[kind].stat(name) })),
      );
      yield facts.flatMap(({ name, facts: one }) => (one === null ? [] : [{ name, ...one }]));
    },
    readMark: async () => (existsSync(mark) ? readFileSync(mark, "utf8") : null),
    writeMark: async (text) => writeFileSync(mark, text),
    probe: async () => {},
    isSpoolWritable: newBodies.isWritable,
    check: async () => [],
    close: async () => {},
  };
}
