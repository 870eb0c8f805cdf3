import { setImmediate as nextTurn } from "node:timers/promises";
import { NO_RECORDING } from "../model/recovery.ts";
import type { KnownConversation, RecoveredOutcome } from "../model/recovery.ts";
import { pathsOfRecording } from "../model/recording.ts";
import type { Log } from "../platform/log.ts";
import type { BlobIntake, RecoveredRecord } from "../store/port.ts";
import type { RestClient, RestConversation, RestRecording } from "../vendor/rest/port.ts";
import { CANCELLED, StopRun } from "./faults.ts";
import { endedAtMs, judge } from "./judge.ts";
import type { Offered, Verdict, Wanted } from "./judge.ts";
import type { RecoveryStore } from "./parts.ts";
import { recordingRecord, transcriptRecord } from "./record.ts";

/** After this much of a recording it is the turn of deliveries. */
const TURN_BYTES = 256 * 1024;
/** What a transcript takes of the disk, with room to spare. */
const TRANSCRIPT_BYTES = 1024 * 1024;

/** A recording that is to be fetched. */
export type RecordingTask = {
  conversationId: string;
  agentId: string;
  /** Unix seconds. */
  endedAt: number;
  /** The recording that the row names and whose file is gone; null if it names none. */
  gonePath: string | null;
};

/** What became of one conversation. */
export type Looked = {
  /** What was found when it was looked at once more. */
  verdict: Verdict;
  agentId: string;
  /** Of its transcript; null if it was not missing. */
  transcript: { outcome: RecoveredOutcome; bytes: number } | { outcome: "unusable"; why: string } | null;
  recording: RecordingTask | null;
  /** Whether it has been noted that there is no recording. */
  isNoted: boolean;
};

export type RecordingOutcome = { outcome: RecoveredOutcome; bytes: number } | { outcome: "too large" };

export type FetchParts = {
  client: Pick<RestClient, "getConversation" | "fetchRecording">;
  store: RecoveryStore;
  storesTranscripts: boolean;
  recordingBytesMax: number;
  freeDiskBytesMin: number;
  wanted: () => Wanted;
  /** Whether the workspace's deliveries leave the turns out. */
  isTranscriptExcluded: () => Promise<boolean>;
  log: Log;
  signal: AbortSignal;
};

/** Fetches what is missing, conversation by conversation. */
export function createFetch(parts: FetchParts) {
  const { client, store, storesTranscripts, recordingBytesMax, freeDiskBytesMin, wanted, log, signal } =
    parts;
  const { recoveries } = store;

  /** Deliveries come first: they are refused below the minimum, and this stops before. */
  function requireDisk(bytes: number): void {
    if (store.freeDiskBytes() - bytes >= 2 * freeDiskBytesMin) return;
    throw new StopRun("disk", "less than twice MIN_FREE_DISK_BYTES is free: make room on the disk");
  }

  async function hereOf(
    conversationId: string,
  ): Promise<{ known: KnownConversation; gonePath: string | null }> {
    const [known] = await recoveries.known([conversationId]);
    if (known === undefined) throw new Error("the store says nothing of a conversation");
    const { audioPath } = known;
    return { known, gonePath: audioPath !== null && (await recoveries.isGone(audioPath)) ? audioPath : null };
  }

  async function get(conversationId: string): Promise<RestConversation> {
    const conversation = await client.getConversation(conversationId, { signal });
    if (conversation.conversationId === conversationId) return conversation;
    throw new StopRun(
      "api",
      "ElevenLabs answers with another conversation than it was asked for: try again later",
    );
  }

  /** Notes that there is no recording, so that it is not asked for again. */
  async function noteNoRecording({ hasAudio }: Offered, known: KnownConversation): Promise<boolean> {
    if (hasAudio !== false || known.hasAudio !== null || known.hasAudioEvent) return false;
    const { conversationId } = known;
    const nowMs = wanted().nowMs;
    const noted = { conversationId, reason: NO_RECORDING, tries: 1, nextTryAtMs: null, notedAtMs: nowMs };
    await recoveries.putPending(noted);
    return true;
  }

  async function storeTranscript(conversation: RestConversation): Promise<NonNullable<Looked["transcript"]>> {
    const { conversationId, agentId } = conversation;
    const about = { conversationId, agentId, endedAt: endedAtMs(conversation) / 1000 };
    const isExcluded = await parts.isTranscriptExcluded();
    const made = await transcriptRecord(about, conversation, { isExcluded, nowMs: wanted().nowMs });
    if (!made.ok) return { outcome: "unusable", why: made.problem };
    requireDisk(TRANSCRIPT_BYTES);
    const outcome = await add(made.record, null);
    return { outcome, bytes: made.record.bodyBytes };
  }

  async function add(record: RecoveredRecord, gonePath: string | null): Promise<RecoveredOutcome> {
    const outcome = await recoveries.add(record, gonePath);
    if (outcome !== "stored") return outcome;
    const { recording, conversationId } = record;
    const [what, bytes] =
      recording === null ? ["transcript", record.bodyBytes] : ["recording", recording.byteCount];
    log.info(`Recovered a ${what} from ElevenLabs`, { conversation: conversationId, bytes });
    return outcome;
  }

  return {
    hereOf,

    /** Asks for a conversation, and stores its transcript if that is missing. @throws RestError, StopRun, FileFault */
    async look(conversationId: string, { isDryRun }: { isDryRun: boolean }): Promise<Looked> {
      const conversation = await get(conversationId);
      const { agentId } = conversation;
      const { known, gonePath } = await hereOf(conversationId);
      const verdict = judge(conversation, known, wanted(), gonePath !== null);
      const nothing = { verdict, agentId, transcript: null, recording: null, isNoted: false };
      if (verdict.kind !== "missing") {
        if (isDryRun || verdict.kind !== "here") return nothing;
        return { ...nothing, isNoted: await noteNoRecording(conversation, known) };
      }
      const endedAt = endedAtMs(conversation) / 1000;
      const recording =
        verdict.recording === "missing" ? { conversationId, agentId, endedAt, gonePath } : null;
      if (!verdict.transcript) return { ...nothing, recording };
      const transcript = isDryRun
        ? { outcome: "present" as const, bytes: 0 }
        : await storeTranscript(conversation);
      const isOver = transcript.outcome === "erased";
      return { ...nothing, transcript, recording: isOver ? null : recording };
    },

    /** Fetches a recording into its file, and stores its event. @throws RestError, StopRun, FileFault */
    async recording(task: RecordingTask): Promise<RecordingOutcome> {
      const intake = store.newRecordings;
      if (intake === null) throw new Error("recordings are not stored");
      const { conversationId } = task;
      // Not to be erased by its age between its file and its row.
      const release = store.events.hold(conversationId);
      try {
        return await client.fetchRecording(
          conversationId,
          (recording) => takeRecording(intake, recording, task),
          { signal },
        );
      } finally {
        release();
      }
    },
  };

  async function takeRecording(
    intake: BlobIntake,
    { bytes, pieces }: RestRecording,
    task: RecordingTask,
  ): Promise<RecordingOutcome> {
    const { conversationId, endedAt, gonePath } = task;
    requireDisk(bytes ?? 0);
    const file = await intake.create();
    const hasher = new Bun.CryptoHasher("sha256");
    try {
      let turnEnd = TURN_BYTES;
      for await (const piece of pieces) {
        hasher.update(piece);
        file.write(piece);
        if (file.byteCount > recordingBytesMax) return { outcome: "too large" };
        if (file.byteCount < turnEnd) continue;
        turnEnd = file.byteCount + TURN_BYTES;
        requireDisk(0);
        await nextTurn();
      }
      if (signal.aborted) throw new StopRun("cancelled", CANCELLED);
      const { known } = await hereOf(conversationId);
      if (known.isErased) return { outcome: "erased", bytes: 0 };
      // A delivery was faster: no second file beside its own.
      if (known.audioPath !== gonePath) return { outcome: "present", bytes: 0 };
      const byteCount = file.byteCount;
      const sha256 = hasher.digest("hex");
      const receivedAtMs = wanted().nowMs;
      const names = pathsOfRecording({ conversationId, sha256, eventTimestamp: endedAt, receivedAtMs });
      const path = await intake.put(file, names, sha256);
      const options = { storesPayload: storesTranscripts, nowMs: receivedAtMs };
      const record = await recordingRecord(task, { path, byteCount, sha256 }, options);
      return { outcome: await add(record, gonePath), bytes: byteCount };
    } finally {
      await file.discard();
    }
  }
}
