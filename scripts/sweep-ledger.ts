// What a run of scripts/sweep has sent, and what it was answered: the judge holds the data against it.
import { audio, sign, transcription } from "../test/helpers/deliveries.ts";
import { sha256 } from "../test/helpers/backups.ts";

/** "cut": no answer came, so both are right. "erased": acknowledged, and erased afterwards. */
export type Outcome = "acknowledged" | "refused" | "cut" | "erased";

export type Sent = {
  conversationId: string | null;
  body: Buffer;
  bodySha256: string;
  /** What it is answered once it is stored. */
  status: 200 | 400;
  /** Of the MP3; null if it is no audio event. */
  recordingSha256: string | null;
  /** Its bytes are a file beside the database, not a row. */
  isBodyFile: boolean;
  outcome: Outcome;
};

export type Ledger = {
  sent: Sent[];
  /** Conversations whose erasing was asked for, and whether that was answered with 200. */
  erasures: Map<string, boolean>;
};

const RECORDING_BYTES = 1_000_000;
const BODY_FILE_BYTES = 1_500_000;
/** An hour before midnight UTC: events of one call lie on two days. */
const EVENING = Date.UTC(2026, 10, 2, 23) / 1000;

function entry(body: string | Uint8Array, more: Partial<Sent>): Sent {
  const bytes = Buffer.from(body);
  return {
    conversationId: null,
    body: bytes,
    bodySha256: sha256(bytes),
    status: 200,
    recordingSha256: null,
    isBodyFile: false,
    outcome: "cut",
    ...more,
  };
}

/** Words that stand nowhere else: they are looked for in the files after the conversation was erased. */
export const wordOf = (conversationId: string): string => `word${sha256(conversationId).slice(0, 12)}`;

export const transcript = (conversationId: string): Sent =>
  entry(transcription(conversationId, { analysis: { transcript_summary: wordOf(conversationId) } }), {
    conversationId,
  });

/** A recording, noise so that no two are alike; by default of the day after the evening. */
export function recording(
  conversationId: string,
  { byteCount = RECORDING_BYTES, at = EVENING + 7_200 } = {},
): Sent {
  const key = new Bun.CryptoHasher("sha256").update(conversationId).digest();
  const mp3 = Buffer.alloc(byteCount, key);
  return entry(audio(conversationId, mp3, at), { conversationId, recordingSha256: sha256(mp3) });
}

export const failure = (conversationId: string): Sent =>
  entry(
    JSON.stringify({
      type: "call_initiation_failure",
      event_timestamp: EVENING,
      data: { agent_id: "agent_1", conversation_id: conversationId, failure_reason: "busy", metadata: {} },
    }),
    { conversationId },
  );

/** Signed, not JSON, and too large for a row. */
export const largeBroken = (name: string): Sent =>
  entry(`{"type": "post_call_transcription", "name": "${name}", `.padEnd(BODY_FILE_BYTES, "x"), {
    status: 400,
    isBodyFile: true,
  });

/** Delivers, and notes the answer. Returns it; null if there was none. */
export async function deliver(url: string, ledger: Ledger, sent: Sent): Promise<number | null> {
  if (!ledger.sent.includes(sent)) ledger.sent.push(sent);
  const status = await ask(`${url}/webhook`, {
    method: "POST",
    headers: { "elevenlabs-signature": sign(sent.body) },
    body: new Uint8Array(sent.body),
  });
  // What was acknowledged once stays so.
  if (sent.outcome === "acknowledged") return status;
  if (status === null) sent.outcome = "cut";
  else sent.outcome = status === sent.status ? "acknowledged" : "refused";
  return status;
}

export const TOKEN = "0123456789abcdef0123456789abcdef";
const asReader = { authorization: `Bearer ${TOKEN}` };

export async function erase(url: string, ledger: Ledger, conversationId: string): Promise<number | null> {
  const path = `/conversations/${conversationId}`;
  // From now on it may be erased, whatever is answered.
  ledger.erasures.set(conversationId, ledger.erasures.get(conversationId) === true);
  const status = await ask(`${url}${path}`, { method: "DELETE", headers: asReader });
  if (status !== 200) return status;
  ledger.erasures.set(conversationId, true);
  for (const sent of ledger.sent) if (sent.conversationId === conversationId) sent.outcome = "erased";
  return status;
}

export const reprocess = (url: string) =>
  ask(`${url}/events/reprocess`, { method: "POST", headers: asReader });

/** The status, once the answer is complete; null if it was cut. */
async function ask(url: string, init: RequestInit): Promise<number | null> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}
