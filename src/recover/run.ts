import type { KnownConversation } from "../model/recovery.ts";
import type { RestListedConversation } from "../vendor/rest/port.ts";
import { StopRun } from "./faults.ts";
import { endedAtMs, isKnownStatus, judge } from "./judge.ts";
import type { Offered, Wanted } from "./judge.ts";
import { pagesOf } from "./list.ts";
import type { RecoveryParts, RunOptions } from "./parts.ts";
import { pendingAfter, UNFINISHED } from "./pending.ts";
import { createTally } from "./report.ts";
import type { RunReport, Tally } from "./report.ts";
import { createWork } from "./work.ts";
import type { MissingConversation } from "./work.ts";

/** This many are found before the first is fetched: it bounds what a run keeps in memory. */
const FOUND_MAX = 10_000;
const PENDING_MAX = 500;

export type RunOutcome = { report: RunReport; stop: StopRun | null };

/** Looks at what ElevenLabs has, and fetches what is missing here. @throws FileFault if storing fails */
export async function runRecovery(parts: RecoveryParts, options: RunOptions): Promise<RunOutcome> {
  const startedMs = parts.clock.monotonicMs();
  const tally = createTally();
  let stop: StopRun | null = null;
  try {
    await createRun(parts, options, tally)();
  } catch (error) {
    if (!(error instanceof StopRun)) throw error;
    stop = error;
    tally.report.stopped = error.message;
    if (error.reason !== "cancelled") parts.observer.failed(error.reason);
  }
  tally.report.seconds = (parts.clock.monotonicMs() - startedMs) / 1000;
  return { report: tally.report, stop };
}

function createRun(parts: RecoveryParts, options: RunOptions, tally: Tally): () => Promise<void> {
  const { client, store, config, clock, log } = parts;
  const { agentIds, window, conversationId, isByHand, isDryRun, signal } = options;
  const { recoveries } = store;
  const wanted = (): Wanted => ({
    ...config,
    nowMs: clock.nowMs(),
    agentIds,
    storesTranscripts: config.storeTranscripts,
    storesRecordings: options.withRecordings && store.newRecordings !== null,
    endedAfterMs: options.endedAfterMs,
    isByHand,
  });
  const work = createWork(parts, options, { tally, wanted });
  const unknownStatuses = new Set<string>();
  /** What is missing, and in the list twice if it grows while it is read. */
  const seen = new Set<string>();

  return async () => {
    if (conversationId !== null) return work.fetchAll([{ conversationId, recording: null, isAsked: false }]);
    if (!isByHand) await fetchPending();
    if (window === null) return;
    let found: MissingConversation[] = [];
    for (const agentId of agentIds ?? [null]) {
      for await (const page of pagesOf(client, agentId, window, signal)) {
        found.push(...(await judgePage(page)));
        if (found.length < FOUND_MAX) continue;
        await work.fetchAll(found);
        found = [];
      }
    }
    await work.fetchAll(found);
  };

  async function fetchPending(): Promise<void> {
    const due = await recoveries.duePending(clock.nowMs(), PENDING_MAX);
    for (const { conversationId: id } of due) seen.add(id);
    await work.fetchAll(
      due.map(({ conversationId: id }) => ({ conversationId: id, recording: null, isAsked: false })),
    );
  }

  async function judgePage(page: readonly RestListedConversation[]): Promise<MissingConversation[]> {
    const found: MissingConversation[] = [];
    const known = await recoveries.known(page.map((one) => one.conversationId));
    for (const [index, listed] of page.entries()) {
      const here = known[index];
      if (here === undefined || seen.has(listed.conversationId)) continue;
      const missing = await judgeListed({ ...listed, hasAudio: null }, here);
      if (missing !== null) found.push(missing);
    }
    return found;
  }

  async function judgeListed(
    offered: Offered,
    known: KnownConversation,
  ): Promise<MissingConversation | null> {
    const { audioPath } = known;
    const isGone = audioPath !== null && (await recoveries.isGone(audioPath));
    const verdict = judge(offered, known, wanted(), isGone);
    tally.judged(verdict);
    tellUnknownStatus(offered);
    if (verdict.kind === "not yet" && verdict.why === "unfinished") await noteUnfinished(offered, known);
    if (verdict.kind !== "missing") return null;
    const { conversationId: id, agentId } = offered;
    seen.add(id);
    if (verdict.transcript) tally.missing("transcript", agentId);
    if (verdict.transcript || verdict.recording !== "missing")
      return { conversationId: id, recording: null, isAsked: !verdict.transcript };
    tally.missing("recording", agentId);
    const endedAt = endedAtMs(offered) / 1000;
    const recording = { conversationId: id, agentId, endedAt, gonePath: isGone ? audioPath : null };
    return { conversationId: id, recording, isAsked: false };
  }

  /** One that started long ago is in no later list of this receiver's: it is asked for by its id then. */
  async function noteUnfinished({ conversationId: id, startedAt }: Offered, { pending }: KnownConversation) {
    if (isByHand || isDryRun || pending !== null || startedAt >= options.listedAgainAfter) return;
    await recoveries.putPending(
      pendingAfter(pending, { conversationId: id, reason: UNFINISHED }, clock.nowMs()),
    );
  }

  function tellUnknownStatus({ status }: Offered): void {
    if (isKnownStatus(status) || unknownStatuses.has(status)) return;
    unknownStatuses.add(status);
    log.info("ElevenLabs gives a status that this version does not know: it counts as not finished", {
      status,
    });
  }
}
