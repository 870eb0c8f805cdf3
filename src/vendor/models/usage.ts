import { list, mapOf, model, number, of, text, textOrNull, whole } from "./field.ts";

const tokens = model("TokenUsage", "A number of tokens and what they cost.", {
  tokens: whole("How many tokens.", 900),
  price: number("Their price in US dollars.", 0.00027),
});

const modelUsage = model("ModelUsage", "The tokens of one language model, by direction and cache.", {
  input: of(tokens, "Prompt tokens that were in no cache."),
  input_cache_read: of(tokens, "Prompt tokens that came from the cache, at a lower price."),
  input_cache_write: of(tokens, "Prompt tokens that were put into the cache."),
  output_total: of(tokens, "Tokens that the model wrote."),
});

/** Tokens by language model: of one turn, or of a whole conversation. */
export const llmUsage = model("LlmUsage", "Tokens and prices, by language model.", {
  model_usage: mapOf(modelUsage, "One member for each model, named by the model's id: `gemini-2.5-flash`."),
});

export const llmCategories = model("LlmUsageByCategory", "Tokens that were needed, and all that were used.", {
  irreversible_generation: of(
    llmUsage,
    "Tokens of answers that could not be taken back any more, presumably because they had been spoken.",
  ),
  initiated_generation: of(
    llmUsage,
    "Tokens of every answer that was begun, also of those thrown away. As measured, these prices add up to `llm_price`.",
  ),
});

const platformCategory = model("PlatformCategory", "What one category has cost.", {
  credits: whole("In ElevenLabs credits.", 126),
  price: number("In US dollars.", 0.0253),
  quantity: number(
    "How much was charged for, in the unit of the category: seconds of voice, for example.",
    21,
  ),
});

export const platformUsage = model("PlatformUsage", "What was charged beside the language models.", {
  category_usage: mapOf(
    platformCategory,
    "One member for each category; known are `voice`, `silence`, `burst`, `asr`, `text_message`, `reception`, `other`.",
  ),
});

const voiceUsage = model("VoiceUsage", "How long one voice has spoken.", {
  voice_id: text("Id of the voice.", "voiceDemo0001"),
  audio_output_seconds: number("Seconds of speech made with it.", 31.4),
});

export const synthesisUsage = model(
  "SpeechSynthesisUsage",
  "How much speech was made (text to speech). For information; `charging` says what it cost.",
  {
    primary_tts_model: textOrNull(
      "Model that made most of the speech; null where none was made.",
      "eleven_flash_v2_5",
    ),
    total_audio_output_seconds: number("Seconds of speech, of all voices.", 31.4),
    total_characters: whole("Characters that were made into speech.", 512),
    per_voice_usage: list(voiceUsage, "The same by voice."),
  },
);

export const recognitionUsage = model(
  "SpeechRecognitionUsage",
  "How much speech was understood (speech to text). For information; `charging` says what it cost.",
  {
    asr_model: textOrNull("Model that understood the speech; null in a chat.", "scribe_realtime"),
    total_transcription_calls: whole("How often the model was called.", 9),
    total_audio_input_seconds: number("Seconds of audio that it heard.", 27.9),
  },
);
