import type { Static } from "@sinclair/typebox";
import {
  always,
  deprecated,
  flag,
  known,
  knownOrNull,
  list,
  listOrNull,
  model,
  ofOrNull,
  text,
  textOrNull,
  texts,
  whole,
  wholeOrNull,
} from "./field.ts";
import { file } from "./attached-file.ts";
import { toolCall } from "./tool-call.ts";
import { toolResult } from "./tool-result.ts";
import { guardrail, metrics, reasoning, retrieval } from "./turn-insight.ts";
import { llmUsage } from "./usage.ts";

const agentMetadata = model("TurnAgent", "The agent that a turn belongs to.", {
  agent_id: text("Id of the agent.", "agent_2601kfx0demo0synthetic0aaaa"),
  branch_id: textOrNull("Its branch; null where it has none.", "agtbrch_main"),
  workflow_node_id: textOrNull("The workflow's node; null without a workflow.", "node_invoice"),
  version_id: textOrNull("Its version; null where it has none.", "agtvrsn_demo0001"),
});

const voicePart = model("MultivoicePart", "A part of an answer, in one voice.", {
  text: text("What was said.", "Welcome aboard!"),
  voice_label: textOrNull("Which voice said it; null: the agent's usual one.", "captain"),
  time_in_call_secs: wholeOrNull(
    "When it began, in seconds from the start; null where it was not spoken.",
    11,
  ),
});

const multivoice = model("MultivoiceMessage", "An answer in several voices.", {
  parts: list(voicePart, "Its parts, in the order of speaking."),
});

const turnFeedback = model("TurnFeedback", "The person's thumb for one turn.", {
  score: known("Thumb up or down.", ["like", "dislike"]),
  time_in_call_secs: whole("When it was given, in seconds from the start.", 12),
});

const contextualUpdate = model(
  "ContextualUpdate",
  "Something that the client told the agent without anybody speaking.",
  {
    context_id: text("Id that the client gave it.", "page-view"),
    is_superseded: flag("Whether a later one with the same id has taken its place."),
  },
);

/** One line of the transcript. */
export const turn = model(
  "Turn",
  "One line of the transcript: what was said, or a tool, a file or an update without words. The view `turns` lists them by " +
    "`turn`, from 0.",
  {
    role: always(known("Who: the person (`user`) or the agent.", ["user", "agent"])),
    agent_metadata: ofOrNull(
      agentMetadata,
      "The agent that the turn belongs to, which changes at a handover; null for the person.",
    ),
    message: textOrNull(
      "What was said or written. Null where the line holds only a tool or a file, and where it was deleted.",
      "Hello, is my blue bicycle ready?",
    ),
    multivoice_message: ofOrNull(multivoice, "The answer by voice, where there were several; else null."),
    tool_calls: listOrNull(toolCall, "Tools that the agent chose to use; empty or null: none."),
    tool_results: listOrNull(toolResult, "What the tools answered; empty or null: nothing."),
    feedback: ofOrNull(turnFeedback, "The person's thumb for this turn; null: none."),
    llm_override: textOrNull(
      "Language model that was set for this turn; null: the agent's usual one.",
      "gpt-4o-mini",
    ),
    producing_llm: textOrNull(
      "Language model that wrote it; null for the person and for fixed texts.",
      "gemini-2.5-flash",
    ),
    time_in_call_secs: whole("When it began, in whole seconds from the start of the conversation.", 5),
    conversation_turn_metrics: ofOrNull(metrics, "How long the answer took; null for the person."),
    rag_retrieval_info: ofOrNull(retrieval, "The search of the knowledge base; null: there was none."),
    llm_usage: ofOrNull(
      llmUsage,
      "Tokens of this turn; null where not measured. Not every turn has them: the sum is in `metadata.charging`.",
    ),
    interrupted: flag("Whether the person spoke over the agent."),
    ignored_as_backchannel: flag("Whether it was a mere `mhm`, which the agent did not answer."),
    original_message: textOrNull(
      "All that the agent meant to say before it was interrupted; null where it was not.",
      "I can offer Tuesday at nine or Thursday at half past four.",
    ),
    reasoning: list(
      reasoning,
      "How the language model came to its answer; empty where it did not think aloud.",
    ),
    source_medium: knownOrNull(
      "How the person said it: by voice, by pressing keys, in writing, with a picture or a file. Null for the agent.",
      ["audio", "dtmf", "text", "image", "file"],
    ),
    source_event_id: wholeOrNull("Number of the event in the live conversation; null where it has none.", 12),
    used_static_kb_document_ids: texts(
      "Documents of the knowledge base that were in the prompt.",
      "kbdoc_demo_00",
    ),
    user_identifier: textOrNull("Which person, where several write; null elsewhere.", "4915155500042"),
    id: textOrNull("Id of the line; null in older events.", "turn_0000_agent"),
    triggered_guardrails: list(guardrail, "Rules for safety that were broken; empty: none."),
    file_input: deprecated(
      ofOrNull(file, "The first file of the turn; null: none. `file_inputs` has all of them."),
    ),
    contextual_update_info: ofOrNull(
      contextualUpdate,
      "Present where the client told something without anybody speaking; else null.",
    ),
    reasoned: flag("Whether the language model thought before it answered."),
    file_inputs: list(
      file,
      "**Files and pictures that the person sent with this turn**, in their order; WhatsApp and text chats can have some. " +
        "Empty: none.",
    ),
  },
);

export type VendorTurn = Static<typeof turn>;
