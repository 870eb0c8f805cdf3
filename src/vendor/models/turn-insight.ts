// What can be learned of how a turn came about.
import { flag, known, list, mapOf, model, number, text, textOrNull, texts } from "./field.ts";

const metric = model("Metric", "A time that was measured.", { elapsed_time: number("In seconds.", 0.41) });

export const metrics = model(
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

export const retrieval = model("Retrieval", "A search of the knowledge base for one answer.", {
  chunks: list(ragChunk, "The passages that were found."),
  embedding_model: known("Model that the search was made with.", [
    "e5_mistral_7b_instruct",
    "multilingual_e5_large_instruct",
  ]),
  retrieval_query: text("What was looked for.", "opening hours and appointment length"),
  rag_latency_secs: number("How long it took, in seconds.", 0.19),
  used_chunk_ids: texts("Ids of the passages that went into the prompt.", "chunk_demo_07"),
});

export const reasoning = model("Reasoning", "How the language model came to its answer.", {
  summary: textOrNull(
    "In some words; null where it is kept back.",
    "The patient agreed to talk, so look for appointments.",
  ),
  provider_redact: flag("Whether the model's provider keeps it back."),
});

export const guardrail = model("TriggeredGuardrail", "A rule for safety that was broken.", {
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
