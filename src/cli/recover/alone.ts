import { options } from "../../config/options.ts";
import type { DataConfig } from "../../config/data.ts";
import { readData, textOf } from "../../config/read-data.ts";
import type { Settings } from "../../config/config.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { createLog } from "../../platform/log.ts";
import type { Log } from "../../platform/log.ts";
import { answerRecover } from "../../recover/answer.ts";
import { createRecovery } from "../../recover/loop.ts";
import type { RecoveryConfig } from "../../recover/parts.ts";
import type { RecoverAnswer, RecoverRequest } from "../../recover/request.ts";
import { loadRestClient } from "../../vendor/rest/load.ts";
import type { OpenedStore } from "./opened.ts";
import { openOwned } from "./owned.ts";

/** Recovers without a receiver: opens the data itself, as their owner. */
export async function recoverAlone(
  request: RecoverRequest,
  settings: Settings,
  { context, tell }: { context: CommandContext; tell: (message: object) => void },
): Promise<RecoverAnswer> {
  const read = configOf(settings);
  if (!read.ok) return { kind: "failed", problem: read.problem, isOfConfig: true };
  const { vendorApiKey: key, vendorApiUrl: url } = read.value;
  if (key === null) return { kind: "failed", problem: `set ${options.vendorApiKey.name}`, isOfConfig: true };
  // What could not be recovered is in the report.
  const log = createLog({ level: "ERROR", format: "text", write: context.writeError });
  const opened = await openStoreOf(read.value, log);
  if (opened.kind === "failed") return opened;
  const { store } = opened;
  const stopped = Promise.withResolvers<void>();
  const forget = context.onStopSignal(stopped.resolve);
  try {
    const client = await loadRestClient({ key, url });
    const observer = { recovered() {}, failed() {} };
    const parts = { client, store, config: read.value, observer, clock: context.clock, log };
    const recovery = createRecovery(parts);
    const run: Parameters<typeof answerRecover>[1] = (asked, signal) => recovery.byHand({ ...asked, signal });
    return await answerRecover(request, run, { gone: stopped.promise, tell });
  } finally {
    forget();
    await store.close();
  }
}

async function openStoreOf({ data, storeAudio }: AloneConfig, log: Log): Promise<OpenedStore> {
  if (data.kind === "embedded") return openOwned(data, { storeAudio, log });
  const { openRemote } = await import("./remote.ts");
  return openRemote(data, { storeAudio, log });
}

type AloneConfig = RecoveryConfig & {
  data: DataConfig;
  storeAudio: boolean;
  vendorApiKey: string | null;
  vendorApiUrl: string;
};

/** Those of the settings that recovery needs. A faulty one is not replaced by its default, which may erase or lose more. */
function configOf(settings: Settings): Parsed<AloneConfig> {
  const data = readData(settings);
  if (!data.ok) return { ok: false, problem: data.problem.map(textOf).join("; ") };
  const { storeAudio, storeTranscripts, retentionDays, audioRetentionDays } = settings;
  const { bodyBytesMax, freeDiskBytesMin, vendorApiKey, vendorApiUrl } = settings;
  const needed = {
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
  return { ok: true, value: { ...(values as Omit<AloneConfig, "data">), data: data.value } };
}
