import { faultText } from "../platform/faults.ts";
import type { ByHand } from "./loop.ts";
import { readRequest } from "./request.ts";
import type { RecoverAnswer, RecoverRequest } from "./request.ts";
import type { RunOutcome } from "./run.ts";

const PROGRESS_EVERY_MS = 250;

/** Runs what somebody asks for. null: there is no key for it. @throws FileFault */
type Run = (asked: Omit<ByHand, "signal">, gone: AbortSignal) => Promise<RunOutcome | null>;

/** Answers the `recover` command: runs what it asks for, and tells how far that is. Never throws. */
export async function answerRecover(
  value: unknown,
  run: Run,
  { gone, tell }: { gone: Promise<void>; tell: (message: object) => void },
): Promise<RecoverAnswer> {
  const request = readRequest(value);
  if (!request.ok) return { kind: "failed", problem: request.problem };
  const ending = new AbortController();
  void gone.then(() => ending.abort());
  let toldMs = -Infinity;
  // At once, so that a client can tell this version from one that does not know the request and is silent.
  tell({ kind: "progress", done: 0, total: 0 });
  const onProgress = (progress: { done: number; total: number }) => {
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
    toldMs = performance.now();
    tell({ kind: "progress", ...progress });
  };
  try {
    const outcome = await run({ ...runOf(request.value), onProgress }, ending.signal);
    if (outcome !== null) return { kind: "recovered", report: outcome.report };
    return {
      kind: "failed",
      problem: "the receiver has no ELEVENLABS_API_KEY: set it and reload",
      isOfConfig: true,
    };
  } catch (error) {
    return { kind: "failed", problem: faultText(error) };
  }
}

/** What a request asks for. */
export function runOf(request: RecoverRequest): Omit<ByHand, "signal" | "onProgress"> {
  const { since, until, agents, conversation, recordings, dryRun } = request;
  return {
    agentIds: agents,
    window: since === null ? null : { startedAfter: since, startedBefore: until },
    conversationId: conversation,
    withRecordings: recordings,
    isDryRun: dryRun,
  };
}
