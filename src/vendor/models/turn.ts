import type { Static } from "@sinclair/typebox";
import { llmUsage } from "./charging.ts";
import {
  always,
  deprecated,
  flag,
  known,
  knownOrNull,
  list,
  listOrNull,
  mapOf,
  model,
  number,
  ofOrNull,
  text,
  textOrNull,
  texts,
  whole,
  wholeOrNull,
} from "./field.ts";
import { toolCall, toolResult } from "./tools.ts";

/** What people ask most: yes, files and pictures come along. */
const file = model(
  "AttachedFile",
  "A file or picture that the person sent in WhatsApp or a text chat. The webhook has its address, not its bytes.",
  {
    file_id: text("Id of the file.", "file_demo_1"),
    original_filename: text(
      "Its name, as the person has it. Do not use it as a path.",
      "Küchenplan (final).pdf",
    ),
    mime_type: text("What it is, as a MIME type.", "application/pdf", "image/jpeg"),
    file_url: text(
      "Where to load it from: a signed address that is good for **about 15 minutes** only. This receiver does not load it. " +
        "Reading the conversation again through ElevenLabs' API gives a new address.",
      "https://storage.example.test/signed/file_demo_1?expires=1793621700",
    ),
  },
);

// What can be learned of how a turn came about.

const metric = model("Metric", "A time that was measured.", { elapsed_time: number("In seconds.", 0.41) });

const metrics = model(
  "TurnMetrics",
  "How long the parts of an answer took. Some events have the times right here instead of in `metrics`.",
  {
    metrics: mapOf(
      metric,
      "Times by name, such as `convai_llm_service_ttfb` (the language model's first byte), `convai_llm_service_ttf_sentence` " +
        "(its first sentence), `convai_tts_service_ttfb` (the first sound).",
    ),
    convai_asr_provider: textOrNull("Who understood the speech; null in a turn of the agent.", "scribe"),
    convai_tts_model: textOrNull(
      "Model that made the speech; null in a turn of the person.",
      "eleven_flash_v2_5",
    ),
    convai_tts_cascade: textOrNull(
      "Which of several synthesis services was used; not explained by the vendor.",
      "primary",
    ),
  },
);

const ragChunk = model("RetrievedPassage", "A passage of the knowledge base; its text is not sent.", {
  document_id: text("Id of its document.", "kbdoc_demo_01"),
  chunk_id: text("Id of the passage.", "chunk_demo_07"),
  vector_distance: number("How far it is from what was asked: smaller is nearer.", 0.2144),
});

const retrieval = model("Retrieval", "A search of the knowledge base for one answer.", {
  chunks: list(ragChunk, "The passages that were found."),
  embedding_model: known("Model that the search was made with.", [
    "e5_mistral_7b_instruct",
    "multilingual_e5_large_instruct",
  ]),
  retrieval_query: text("What was looked for.", "opening hours and appointment length"),
  rag_latency_secs: number("How long it took, in seconds.", 0.19),
  used_chunk_ids: texts("Ids of the passages that went into the prompt.", "chunk_demo_07"),
});

const reasoning = model("Reasoning", "How the language model came to its answer.", {
  summary: textOrNull(
    "In some words; null if it is kept back.",
    "The patient agreed to talk, so look for appointments.",
  ),
  provider_redact: flag("Whether the model's provider keeps it back."),
});

const guardrail = model("TriggeredGuardrail", "A rule for safety that was broken.", {
  guardrail_type: known("Kind of rule.", [
    "custom",
    "prompt_injection",
    "self_harm",
    "self_harm_intent",
    "self_harm_instructions",
    "violence",
    "violence_graphic",
    "sexual",
    "sexual_minors",
    "harassment",
    "harassment_threatening",
    "hate",
    "hate_threatening",
    "profanity",
    "religion_or_politics",
    "medical_and_legal",
    "guardrail",
  ]),
  guardrail_name: textOrNull("Name of a rule of your own; null for the platform's.", "no price promises"),
});

const agentMetadata = model("TurnAgent", "The agent that a turn belongs to.", {
  agent_id: text("Id of the agent.", "agent_2601kfx0demo0synthetic0aaaa"),
  branch_id: textOrNull("Its branch; null if it has none.", "agtbrch_main"),
  workflow_node_id: textOrNull("The workflow's node; null without a workflow.", "node_invoice"),
  version_id: textOrNull("Its version; null if it has none.", "agtvrsn_demo0001"),
});

const voicePart = model("MultivoicePart", "A part of an answer, in one voice.", {
  text: text("What was said.", "Welcome aboard!"),
  voice_label: textOrNull("Which voice said it; null: the agent's usual one.", "captain"),
  time_in_call_secs: wholeOrNull("When it began, in seconds from the start; null if it was not spoken.", 11),
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
      "What was said or written. Null if the line holds only a tool or a file, and if it was deleted.",
      "Hello, is my blue bicycle ready?",
    ),
    multivoice_message: ofOrNull(multivoice, "The answer by voice, if there were several; else null."),
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
      "Tokens of this turn; null if not measured. Not every turn has them: the sum is in `metadata.charging`.",
    ),
    interrupted: flag("Whether the person spoke over the agent."),
    ignored_as_backchannel: flag("Whether it was a mere `mhm`, which the agent did not answer."),
    original_message: textOrNull(
      "All that the agent meant to say before it was interrupted; null if it was not.",
      "I can offer Tuesday at nine or Thursday at half past four.",
    ),
    reasoning: list(reasoning, "How the language model came to its answer; empty if it did not think aloud."),
    source_medium: knownOrNull(
      "How the person said it: by voice, by pressing keys, in writing, with a picture or a file. Null for the agent.",
      ["audio", "dtmf", "text", "image", "file"],
    ),
    source_event_id: wholeOrNull("Number of the event in the live conversation; null if it has none.", 12),
    used_static_kb_document_ids: texts(
      "Documents of the knowledge base that were in the prompt.",
      "kbdoc_demo_00",
    ),
    user_identifier: textOrNull("Which person, if several write; else null.", "4915155500042"),
    id: textOrNull("Id of the line; null in older events.", "turn_0000_agent"),
    triggered_guardrails: list(guardrail, "Rules for safety that were broken; empty: none."),
    file_input: deprecated(
      ofOrNull(file, "The first file of the turn; null: none. `file_inputs` has all of them."),
    ),
    contextual_update_info: ofOrNull(
      contextualUpdate,
      "Present if the client told something without anybody speaking; else null.",
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
