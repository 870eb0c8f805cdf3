import type { Argument } from "../../src/query/port.ts";

/** A filter that every conversation fits. */
export const anyConversation: Argument<"listConversations">["filter"] = {
  agentId: null,
  since: null,
  until: null,
  status: null,
  callSuccessful: null,
  direction: null,
  number: null,
  userId: null,
  hasRecording: null,
  isRecordingMissing: null,
  voicemail: null,
  durationSecsMin: null,
  durationSecsMax: null,
};
