import { blob, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

// The tables as drizzle sees them. What creates them is migrations/*.sql; their names are part of the public interface.

export const events = sqliteTable("events", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  type: text("type"),
  conversationId: text("conversation_id"),
  agentId: text("agent_id"),
  /** Unix seconds, as the sender says. */
  eventTimestamp: integer("event_timestamp"),
  /** By our clock. */
  receivedAtMs: integer("received_at").notNull(),
  status: text("status", { enum: ["processed", "quarantined"] }).notNull(),
  /** Of a quarantined event: the code of the answer, a colon, and the reason. */
  error: text("error"),
  /** Lower-case hex. */
  bodySha256: text("body_sha256").notNull(),
  bodyBytes: integer("body_bytes").notNull(),
  /** The JSON as received (TEXT); a BLOB where it is not UTF-8. */
  payload: blob("payload", { mode: "buffer" }),
  /** Of a body that is too large for the row; relative to the folder of the database. */
  payloadPath: text("payload_path"),
  /** A copy of the payload without lone surrogates and NUL, only if it holds some: the view `turns` reads it. */
  turnsPayload: text("turns_payload"),
});

export const conversations = sqliteTable("conversations", {
  conversationId: text("conversation_id").primaryKey(),
  agentId: text("agent_id"),
  agentName: text("agent_name"),
  status: text("status"),
  userId: text("user_id"),
  /** Unix seconds. */
  startedAt: integer("started_at"),
  durationSecs: integer("duration_secs"),
  costCredits: integer("cost_credits"),
  costUsd: real("cost_usd"),
  direction: text("direction", { enum: ["inbound", "outbound"] }),
  channel: text("channel"),
  externalNumber: text("external_number"),
  agentNumber: text("agent_number"),
  language: text("language"),
  terminationReason: text("termination_reason"),
  callSuccessful: text("call_successful"),
  title: text("title"),
  summary: text("summary"),
  turnCount: integer("turn_count"),
  /** 1 where voicemail or a machine answered, 0 where a person did, NULL where nobody said. */
  voicemail: integer("voicemail"),
  /** The event that holds the turns. */
  eventId: integer("event_id"),
  /** Relative to AUDIO_STORAGE_PATH. */
  audioPath: text("audio_path"),
  audioBytes: integer("audio_bytes"),
  /** Lower-case hex. */
  audioSha256: text("audio_sha256"),
  audioReceivedAtMs: integer("audio_received_at"),
  updatedAtMs: integer("updated_at").notNull(),
  /** 1 where ElevenLabs says that there is a recording, 0 where there is none, NULL where nobody said. */
  hasAudio: integer("has_audio"),
});

/** Conversations that were erased. */
export const erasures = sqliteTable("erasures", {
  /** Lower-case hex, of the conversation's id. */
  conversationSha256: text("conversation_sha256").primaryKey(),
  /** Unix milliseconds. */
  erasedAtMs: integer("erased_at").notNull(),
  /** NULL when all that the database holds of it is gone. */
  conversationId: text("conversation_id"),
  /** 1 when its traces in the files are gone too. */
  isComplete: integer("is_complete").notNull().default(0),
});

/** What the receiver remembers beyond one run: see state.ts. */
export const state = sqliteTable("state", {
  name: text("name").primaryKey(),
  value: text("value").notNull(),
});

export const callFailures = sqliteTable("call_failures", {
  eventId: integer("event_id").primaryKey(),
  conversationId: text("conversation_id"),
  agentId: text("agent_id"),
  reason: text("reason"),
  provider: text("provider"),
  providerCode: text("provider_code"),
  fromNumber: text("from_number"),
  toNumber: text("to_number"),
  /** Unix seconds. */
  occurredAt: integer("occurred_at"),
  /** The `metadata` member as JSON. */
  metadata: text("metadata"),
});
