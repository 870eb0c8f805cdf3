import { listAt } from "../../../src/vendor/json-value.ts";
import type { JsonObject } from "../../../src/vendor/json-value.ts";
import { AGENT_ID, freshIds } from "../../../src/samples/sample.ts";
import { transcriptionEvent } from "../../../src/samples/transcription.ts";

/** A conversation as ElevenLabs has it, with what tests change. */
export type FakeConversation = {
  id: string;
  agentId: string;
  /** `initiated`, `in-progress`, `processing`, `done`, `failed`, or something new. */
  status: string;
  /** Unix seconds. */
  startedAt: number;
  durationSeconds: number;
  /** null: it has no recording. */
  recording: Uint8Array | null;
  turns: JsonObject[];
  /** Members of its answer that are other than usual. */
  more: JsonObject;
};

/** A finished call of the sample agent; a minute long and an hour ago, unless told. */
export function fakeConversation(differs: Partial<FakeConversation> & { id: string }): FakeConversation {
  return {
    agentId: AGENT_ID,
    status: "done",
    startedAt: Math.floor(Date.now() / 1000) - 3600,
    durationSeconds: 60,
    recording: null,
    turns: sampleTurns,
    more: {},
    ...differs,
  };
}

const { data: sample } = transcriptionEvent(freshIds(0, ""));
const sampleTurns = listAt(sample, "transcript") as JsonObject[];

/** One conversation, as the route of that name answers. */
export function conversationAnswer(conversation: FakeConversation): JsonObject {
  const { id, agentId, status, startedAt, durationSeconds, recording, turns, more } = conversation;
  const hasAudio = recording !== null;
  return {
    ...(sample as JsonObject),
    conversation_id: id,
    agent_id: agentId,
    status,
    transcript: turns,
    metadata: {
      ...((sample as JsonObject).metadata as JsonObject),
      start_time_unix_secs: startedAt,
      accepted_time_unix_secs: startedAt,
      call_duration_secs: durationSeconds,
    },
    has_audio: hasAudio,
    has_user_audio: hasAudio,
    has_response_audio: hasAudio,
    has_auxiliary_audio: false,
    ...more,
  };
}

/** The same as one of a list. */
export function listedAnswer(conversation: FakeConversation): JsonObject {
  const { id, agentId, status, startedAt, durationSeconds, turns } = conversation;
  return {
    agent_id: agentId,
    agent_name: "Front desk (sample)",
    conversation_id: id,
    start_time_unix_secs: startedAt,
    call_duration_secs: durationSeconds,
    message_count: turns.length,
    status,
    call_successful: "success",
    direction: "inbound",
    main_language: "en",
  };
}
