import type { EventRecord } from "../../src/model/event.ts";
import type { Queries } from "../../src/query/port.ts";
import type { BlobIntake, Store } from "../../src/store/port.ts";
import { failureOf, deriveFacts } from "../../src/vendor/derive.ts";
import { isQuarantine, readEvent } from "../../src/vendor/event.ts";

// The tests beside this file know the interfaces alone. An implementation runs them by a file such as sqlite.test.ts.

/** An implementation on data of its own. */
export type Opened = {
  store: Store;
  queries: Queries;
  /** Stops, and starts again on the same data. Returns what the stop said. */
  reopen: (options?: { keepsRecordings?: boolean }) => Promise<{ isClean: boolean }>;
  /** Stops and removes the data. */
  end: () => Promise<void>;
};

export type Open = () => Promise<Opened>;

/**
 * An implementation that can be stopped and started again.
 *
 * @param start opens the same data each time
 * @param remove removes them in the end
 */
export async function openedBy(
  start: (keepsRecordings: boolean) => Promise<Pick<Opened, "store" | "queries">>,
  remove: () => void | Promise<void>,
): Promise<Opened> {
  const stop = (): Promise<{ isClean: boolean }> => {
    opened.queries.close();
    return opened.store.close();
  };
  const opened: Opened = {
    ...(await start(true)),
    async reopen({ keepsRecordings = true } = {}) {
      const stopped = await stop();
      Object.assign(opened, await start(keepsRecordings));
      return stopped;
    },
    async end() {
      await stop();
      await remove();
    },
  };
  return opened;
}

export const NOW_MS = Date.UTC(2026, 10, 2, 12);

export function sha256Of(data: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
}

/** What is to be stored of a body, as the receiver makes it. */
export function recordOf(body: Record<string, unknown>, more: Partial<EventRecord> = {}): EventRecord {
  const event = readEvent(body);
  if (isQuarantine(event)) throw new Error(event.reason);
  const { type, conversationId, agentId, eventTimestamp } = event;
  const payload = Buffer.from(JSON.stringify(body));
  return {
    type,
    conversationId,
    agentId,
    eventTimestamp,
    receivedAtMs: NOW_MS,
    status: "processed",
    error: null,
    bodySha256: sha256Of(payload),
    bodyBytes: payload.byteLength,
    payload,
    payloadIsText: true,
    payloadPath: null,
    turnsPayload: null,
    facts: deriveFacts(event),
    failure: event.kind === "failure" ? failureOf(event) : null,
    recording: null,
    source: "webhook",
    ...more,
  };
}

/** The record of a transcription. */
export function transcription(
  conversation_id: string,
  data: Record<string, unknown> = {},
  more: Partial<EventRecord> = {},
): EventRecord {
  const event_timestamp = (more.receivedAtMs ?? NOW_MS) / 1000;
  const body = { type: "post_call_transcription", event_timestamp, data: { conversation_id, ...data } };
  return recordOf(body, more);
}

/** The record of a body that can't be processed. */
export function quarantined(text: string, more: Partial<EventRecord> = {}): EventRecord {
  const payload = Buffer.from(text);
  return {
    ...recordOf({ type: "agent_qa" }),
    type: null,
    status: "quarantined",
    error: "unknown_type: this version does not know the type",
    bodySha256: sha256Of(payload),
    bodyBytes: payload.byteLength,
    payload,
    ...more,
  };
}

/** Puts content under a name, as a delivery does. Returns the name. */
export async function put(
  intake: BlobIntake | null,
  content: string,
  names: readonly string[],
): Promise<string> {
  if (intake === null) throw new Error("nothing is taken in");
  const file = await intake.create();
  try {
    file.write(Buffer.from(content));
    return await intake.put(file, names, sha256Of(content));
  } finally {
    await file.discard();
  }
}
