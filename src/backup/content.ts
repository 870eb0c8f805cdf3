import { dirname } from "node:path";
import { realFile } from "../platform/real-files.ts";
import { recordingFiles } from "../store/files/blobs.ts";
import type { NamedFile, Snapshot } from "../store/sqlite/snapshot.ts";
import type { Collector, Source } from "./collect.ts";
import { storedPath } from "./layout.ts";
import { isDataPath } from "./manifest.ts";
import type { LeftOut, Manifest } from "./manifest.ts";
import type { DataPaths } from "./folder.ts";
import { overtakenRecordings } from "./previous.ts";

const ABSENT_SHOWN_MAX = 10;

/** A file that the data should have, and does not, or not as its row says, or that can't be read. */
export type Absent = { path: string; isInBackup: boolean };

export type Content = {
  recordings: number;
  quarantined: number;
  /** Files that were deleted, with their rows, while the backup was made. */
  deletedMeanwhile: number;
  absent: { count: number; first: Absent[] };
};

type Given = {
  paths: DataPaths;
  folder: string;
  /** The database in the backup. */
  snapshot: Snapshot;
  /** The database of the data, as it is now. */
  live: Snapshot;
  collector: Collector;
  manifest: Manifest;
};

/**
 * Collects every file of the data and enters it into the manifest.
 *
 * @param needed gets the stored files that the manifest names
 */
export async function collectContent(given: Given, needed: Set<string>): Promise<Content> {
  const { collector, manifest, live } = given;
  const content: Content = {
    recordings: 0,
    quarantined: 0,
    deletedMeanwhile: 0,
    absent: { count: 0, first: [] },
  };

  /** Why a file is not in the data as it should be. */
  async function reasonOf({ path, base, name }: Source): Promise<LeftOut["reason"]> {
    if ((await realFile(base, name)) !== null) return "damaged";
    const isNamed = path.startsWith("audio/")
      ? live.namesRecording(path.slice("audio/".length))
      : live.namesBody(path);
    return isNamed ? "missing" : "deleted";
  }

  async function noteAbsent(source: Source, isInBackup: boolean): Promise<void> {
    const reason = await reasonOf(source);
    if (!isInBackup && isDataPath(source.path)) manifest.addLeftOut({ left_out: source.path, reason });
    if (reason === "deleted") {
      content.deletedMeanwhile += 1;
      return;
    }
    content.absent.count += 1;
    if (content.absent.first.length < ABSENT_SHOWN_MAX)
      content.absent.first.push({ path: source.path, isInBackup });
  }

  for await (const { isNamed, ...source } of sourcesOf(given)) {
    const collected = isDataPath(source.path) ? await collector.collect(source) : null;
    const isLost = isNamed ? collected?.isInData !== true : collected === null;
    if (isLost) await noteAbsent(source, collected !== null);
    if (collected === null) continue;
    manifest.addFile(collected.entry);
    needed.add(storedPath(collected.entry));
    if (source.path.startsWith("audio/")) content.recordings += 1;
    else content.quarantined += 1;
  }
  return content;
}

/** Every file that may belong to the data, each once. `isNamed`: by a row. */
async function* sourcesOf({ paths, folder, snapshot }: Given): AsyncGenerator<Source & { isNamed: boolean }> {
  const recording = (named: NamedFile): Source => ({
    ...named,
    path: `audio/${named.path}`,
    base: paths.audioFolder,
    name: named.path,
  });
  for (const named of snapshot.recordings()) yield { ...recording(named), isNamed: true };
  for (const named of snapshot.quarantinedBodies()) {
    yield { ...named, base: dirname(paths.databasePath), name: named.path, isNamed: true };
  }
  // Recordings that a later one has overtaken, and those whose row a kill has kept from being written.
  const unnamed = new Set<string>();
  for (const path of await recordingFiles(paths.audioFolder).list()) {
    if (snapshot.namesRecording(path)) continue;
    unnamed.add(`audio/${path}`);
    yield { ...recording({ path, byteCount: null, sha256: null }), isNamed: false };
  }
  for await (const { path, bytes, sha256 } of overtakenRecordings(folder, snapshot)) {
    if (unnamed.has(path)) continue;
    const name = path.slice("audio/".length);
    yield { path, byteCount: bytes, sha256, base: paths.audioFolder, name, isNamed: false };
  }
}
