import type { Static } from "@sinclair/typebox";
import { analysis } from "./analysis.ts";
import { clientData } from "./client-data.ts";
import {
  always,
  flag,
  known,
  list,
  listOrNull,
  model,
  of,
  ofOrNull,
  openOrNull,
  text,
  textOrNull,
  texts,
} from "./field.ts";
import { metadata } from "./metadata.ts";
import { turn } from "./turn.ts";

/** The id of a conversation, the same in all of its events. */
export const conversationId = always(
  text(
    "Id of the conversation, the same in its transcription, recording and failure. What this receiver stores is found by it.",
    "conv_2601kfx0demo0synthetic0002",
  ),
);

export const agentId = text("Id of the agent.", "agent_2601kfx0demo0synthetic0aaaa");

const visitedAgent = model("VisitedAgent", "An agent that took part.", {
  agent_id: agentId,
  branch_id: textOrNull("Its branch; null if it has none.", "agtbrch_demo_1"),
});

/** A conversation that has ended: `data` of `post_call_transcription`. */
export const conversation = model(
  "Conversation",
  "A conversation that has ended: what was said, what it was about, what it cost. The same that ElevenLabs' API gives for it.",
  {
    agent_id: text(
      "Id of the agent that it began with. Stored as `conversations.agent_id`.",
      "agent_2601kfx0demo0synthetic0aaaa",
    ),
    agent_name: textOrNull(
      "The agent's name at that time; null if it had none. Stored as `conversations.agent_name`.",
      "Front desk demo",
    ),
    conversation_id: conversationId,
    conversation_product: known("Which product of ElevenLabs it was held with.", ["agent", "speech_engine"]),
    status: known(
      "How it stands: `done`, or `failed` if it broke off. The others come from the API, not by webhook. Stored as " +
        "`conversations.status`.",
      ["done", "failed", "processing", "in-progress", "initiated"],
    ),
    user_id: textOrNull(
      "Your own id of the person; null if you gave none. In phone calls it may be their number. Stored as " +
        "`conversations.user_id`.",
      "customer-17",
      "+4915155500017",
    ),
    branch_id: textOrNull("The agent's branch; null if it has none.", "agtbrch_main"),
    version_id: textOrNull("The agent's version; null if it has none.", "agtvrsn_demo0001"),
    environment: text("The environment that its variables were taken from.", "production"),
    transcript: listOrNull(
      turn,
      "What was said, line by line. **Absent, null or empty** if the webhook is set to leave it out (`exclude_transcript`), " +
        "if it was deleted, and if nobody spoke.",
    ),
    metadata: of(metadata, "Times, price, channel, numbers, features."),
    analysis: ofOrNull(analysis, "What a language model found out afterwards; null if no analysis was made."),
    conversation_initiation_client_data: ofOrNull(
      clientData,
      "What it was opened with: your variables, the platform's, and changed settings; null if there is nothing.",
    ),
    visited_agents: list(visitedAgent, "The agents that took part, in the order of their first turn."),
    has_audio: flag(
      "Whether there is a recording: a `post_call_audio` event follows if that is switched on.",
      true,
    ),
    has_user_audio: flag("Whether the person is on the recording.", true),
    has_response_audio: flag("Whether the agent is on the recording.", true),
    has_auxiliary_audio: flag("Whether there are further tracks; the vendor does not say of what."),
    tag_ids: texts("Tags that were put on it.", "tag_demo_1"),
    otlp_traces: openOrNull("Null here: traces come as `post_call_transcription_otel`.", {}),
  },
);

export type VendorConversation = Static<typeof conversation>;
