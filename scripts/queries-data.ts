// Makes a database of many conversations by the store's own code, for scripts/bench-queries.
import { openConnection } from "../src/store/sqlite/connection.ts";
import type { EventRecord } from "../src/model/event.ts";
import { pathsOfRecording } from "../src/model/recording.ts";
import { deriveFacts } from "../src/vendor/derive.ts";
import { isQuarantine, readEvent } from "../src/vendor/event.ts";

const BATCH_CONVERSATIONS = 256;
const TURNS = 12;
const WORDS_A_TURN = 14;
const WORDS = 30_000;
/** One call every 30 s, the last one at noon of 2026-11-02. */
const LAST_STARTED_AT = 1_793_620_800;
const SECONDS_BETWEEN = 30;

/** Most calls have a recording; of a few it was announced and never came. */
const hasAudio = (index: number) => index % 7 !== 0;
const isMissing = (index: number) => index % 4001 === 1;

/** Numbers that are the same on every run. */
let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

/** The words of a language are used as unevenly as this: few make up most of what is said. */
const words = Array.from({ length: WORDS }, (_, index) => wordOf(index));

function wordOf(index: number): string {
  const syllables = ["ka", "to", "mi", "res", "lun", "ba", "de", "sho", "vi", "nor", "pe", "gal"];
  let rest = index + syllables.length;
  let word = "";
  for (; rest > 0; rest = Math.floor(rest / syllables.length)) word += syllables[rest % syllables.length];
  return word;
}

function sentence(count: number): string {
  return Array.from({ length: count }, () => words[Math.floor(WORDS ** random()) - 1]).join(" ");
}

/** The most common word, one that about a tenth of the conversations have, and a rare one. */
export const searchWords = { common: wordOf(0), frequent: wordOf(150), rare: wordOf(WORDS - 7) };

export function conversationId(index: number): string {
  return `conv_${String(index).padStart(26, "0")}`;
}

export const agentCount = 20;
export const agentId = (index: number) => `agent_${String(index % agentCount).padStart(4, "0")}`;
export const callerNumber = (index: number) => `+4930${String((index * 7919) % 200_000).padStart(7, "0")}`;

function payloadOf(index: number, count: number): string {
  const startedAt = LAST_STARTED_AT - (count - index) * SECONDS_BETWEEN;
  const transcript = Array.from({ length: TURNS }, (_, turn) => ({
    role: turn % 2 === 0 ? "agent" : "user",
    message: sentence(WORDS_A_TURN),
    time_in_call_secs: turn * 9,
  }));
  const data = {
    agent_id: agentId(index),
    conversation_id: conversationId(index),
    status: index % 50 === 0 ? "failed" : "done",
    has_audio: hasAudio(index),
    user_id: `user_${(index * 104_729) % 100_000}`,
    transcript,
    metadata: {
      start_time_unix_secs: startedAt,
      call_duration_secs: Math.floor(20 + 600 * random() ** 3),
      cost: 296,
      cost_fiat: 0.0444,
      phone_call: {
        type: "twilio",
        direction: index % 3 === 0 ? "outbound" : "inbound",
        external_number: callerNumber(index),
        agent_number: `+493055500${String(index % agentCount).padStart(3, "0")}`,
      },
    },
    analysis: {
      call_successful: index % 5 === 0 ? "failure" : "success",
      call_summary_title: sentence(3),
      transcript_summary: sentence(25),
    },
  };
  return JSON.stringify({ type: "post_call_transcription", event_timestamp: startedAt + 120, data });
}

function audioPayloadOf(index: number, count: number): string {
  const startedAt = LAST_STARTED_AT - (count - index) * SECONDS_BETWEEN;
  const data = { agent_id: agentId(index), conversation_id: conversationId(index), full_audio: "" };
  return JSON.stringify({ type: "post_call_audio", event_timestamp: startedAt + 125, data });
}

function recordsOf(index: number, count: number): EventRecord[] {
  const transcription = recordOf(payloadOf(index, count));
  if (!hasAudio(index) || isMissing(index)) return [transcription];
  const audio = recordOf(audioPayloadOf(index, count));
  const about = { ...audio, conversationId: conversationId(index), sha256: audio.bodySha256 };
  const [path] = pathsOfRecording(about);
  return [transcription, { ...audio, recording: { path, byteCount: 240_000, sha256: audio.bodySha256 } }];
}

function recordOf(text: string): EventRecord {
  const event = readEvent(JSON.parse(text));
  if (isQuarantine(event)) throw new Error(event.reason);
  const payload = Buffer.from(text);
  return {
    type: event.type,
    conversationId: event.conversationId,
    agentId: event.agentId,
    eventTimestamp: event.eventTimestamp,
    receivedAtMs: (event.eventTimestamp ?? 0) * 1000 + 500,
    status: "processed",
    error: null,
    bodySha256: new Bun.CryptoHasher("sha256").update(payload).digest("hex"),
    bodyBytes: payload.byteLength,
    payload,
    payloadIsText: true,
    payloadPath: null,
    turnsPayload: null,
    facts: deriveFacts(event),
    failure: null,
    recording: null,
    source: "webhook",
  };
}

/** Fills a database, without flushing every commit to disk. */
export function makeConversations(databasePath: string, count: number): void {
  const connection = openConnection(databasePath);
  for (let from = 0; from < count; from += BATCH_CONVERSATIONS) {
    const size = Math.min(BATCH_CONVERSATIONS, count - from);
    const some = Array.from({ length: size }, (_, offset) => recordsOf(from + offset, count));
    connection.insertAll(some.flat());
  }
  connection.checkpoint();
  connection.close();
}
