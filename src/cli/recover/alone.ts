import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { options } from "../../config/options.ts";
import type { Settings } from "../../config/config.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { createLog } from "../../platform/log.ts";
import { linkOfOthers } from "../../platform/real-files.ts";
import { isRoot } from "../../platform/user.ts";
import { answerRecover } from "../../recover/answer.ts";
import { createRecovery } from "../../recover/loop.ts";
import type { RecoverAnswer, RecoverRequest } from "../../recover/request.ts";
import { DataLockedError } from "../../store/sqlite/data-lock.ts";
import { openStore } from "../../store/store.ts";
import { loadRestClient } from "../../vendor/rest/load.ts";
import { recordOfLeftBody } from "../../webhook/record.ts";

/** Recovers without a receiver: opens the data itself, as their owner. */
export async function recoverAlone(
  request: RecoverRequest,
  settings: Settings,
  { context, tell }: { context: CommandContext; tell: (message: object) => void },
): Promise<RecoverAnswer> {
  const read = configOf(settings);
  if (!read.ok) return { kind: "failed", problem: read.problem, isOfConfig: true };
  const { vendorApiKey: key, databasePath } = read.value;
  if (key === null) return { kind: "failed", problem: `set ${options.vendorApiKey.name}`, isOfConfig: true };
  if (!existsSync(databasePath)) {
    const problem = `there is no database at ${databasePath}: set ${options.databasePath.name} as the receiver has it`;
    return { kind: "failed", problem, isOfConfig: true };
  }
  const obstacle = await becomeOwner(databasePath);
  if (obstacle !== null) return { kind: "failed", problem: obstacle };
  process.umask(0o077);
  return withStore(read.value, context, async (store, log) => {
    const client = await loadRestClient({ key, url: read.value.vendorApiUrl });
    const observer = { recovered() {}, failed() {} };
    const parts = { client, store, config: read.value, observer, clock: context.clock, log };
    const recovery = createRecovery(parts);
    const stopped = Promise.withResolvers<void>();
    const forget = context.onStopSignal(stopped.resolve);
    try {
      const run: Parameters<typeof answerRecover>[1] = (asked, signal) =>
        recovery.byHand({ ...asked, signal });
      return await answerRecover(request, run, { gone: stopped.promise, tell });
    } finally {
      forget();
    }
  });
}

async function withStore(
  config: AloneConfig,
  { writeError }: CommandContext,
  work: (
    store: Awaited<ReturnType<typeof openStore>>,
    log: ReturnType<typeof createLog>,
  ) => Promise<RecoverAnswer>,
): Promise<RecoverAnswer> {
  // What could not be recovered is in the report.
  const log = createLog({ level: "ERROR", format: "text", write: writeError });
  try {
    const store = await openStore({ ...config, recordOfLeftBody, log });
    try {
      return await work(store, log);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof DataLockedError)) throw error;
    const problem =
      "a receiver is at work on the data, and can't be asked: run this as its user, with its settings";
    return { kind: "failed", problem };
  }
}

type AloneConfig = {
  databasePath: string;
  audioFolder: string | null;
  recordingsFolder: string;
  storeTranscripts: boolean;
  retentionDays: number | null;
  audioRetentionDays: number | null;
  bodyBytesMax: number;
  freeDiskBytesMin: number;
  vendorApiKey: string | null;
  vendorApiUrl: string;
};

/** Those of the settings that recovery needs. A faulty one is not replaced by its default, which may erase or lose more. */
function configOf(settings: Settings): Parsed<AloneConfig> {
  const { databasePath, audioFolder, storeAudio, storeTranscripts, retentionDays, audioRetentionDays } =
    settings;
  const { bodyBytesMax, freeDiskBytesMin, vendorApiKey, vendorApiUrl } = settings;
  const needed = {
    databasePath,
    audioFolder,
    storeAudio,
    storeTranscripts,
    retentionDays,
    audioRetentionDays,
    bodyBytesMax,
    freeDiskBytesMin,
    vendorApiKey,
    vendorApiUrl,
  };
  const values: Record<string, unknown> = {};
  for (const [key, { parsed }] of Object.entries(needed)) {
    if (!parsed.ok)
      return { ok: false, problem: `${options[key as keyof typeof needed].name}: ${parsed.problem}` };
    values[key] = parsed.value;
  }
  // The loop has read all that are needed.
  const read = values as Omit<AloneConfig, "audioFolder" | "recordingsFolder"> & {
    audioFolder: string;
    storeAudio: boolean;
  };
  const folder = read.audioFolder;
  return {
    ok: true,
    value: { ...read, audioFolder: read.storeAudio ? folder : null, recordingsFolder: folder },
  };
}

/**
 * Has root become the owner of the database's folder, for good: files of root's among the receiver's would keep it from
 * starting. Returns why that can't be, or null.
 */
async function becomeOwner(databasePath: string): Promise<string | null> {
  if (!isRoot()) return null;
  const folder = dirname(databasePath);
  const link = (await linkOfOthers(folder)) ?? (lstatSync(databasePath).isFile() ? null : databasePath);
  if (link !== null)
    return `${link} is a symlink that is not root's: name the folder itself, or run this as the user that the receiver runs as`;
  const { uid, gid } = statSync(folder);
  if (uid === 0) return null;
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  return process.geteuid?.() === uid
    ? null
    : `this process can't become user ${uid}, to whom ${folder} belongs`;
}
