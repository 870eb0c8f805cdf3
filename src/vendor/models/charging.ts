import {
  flag,
  list,
  mapOf,
  mapOfNumbers,
  model,
  number,
  numberOrNull,
  of,
  ofOrNull,
  text,
  textOrNull,
  whole,
  wholeOrNull,
} from "./field.ts";

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

const llmCategories = model("LlmUsageByCategory", "Tokens that were needed, and all that were used.", {
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

const platformUsage = model("PlatformUsage", "What was charged beside the language models.", {
  category_usage: mapOf(
    platformCategory,
    "One member for each category; known are `voice`, `silence`, `burst`, `asr`, `text_message`, `reception`, `other`.",
  ),
});

const voiceUsage = model("VoiceUsage", "How long one voice has spoken.", {
  voice_id: text("Id of the voice.", "voiceDemo0001"),
  audio_output_seconds: number("Seconds of speech made with it.", 31.4),
});

const synthesisUsage = model(
  "SpeechSynthesisUsage",
  "How much speech was made (text to speech). For information; `charging` says what it cost.",
  {
    primary_tts_model: textOrNull(
      "Model that made most of the speech; null if none was made.",
      "eleven_flash_v2_5",
    ),
    total_audio_output_seconds: number("Seconds of speech, of all voices.", 31.4),
    total_characters: whole("Characters that were made into speech.", 512),
    per_voice_usage: list(voiceUsage, "The same by voice."),
  },
);

const recognitionUsage = model(
  "SpeechRecognitionUsage",
  "How much speech was understood (speech to text). For information; `charging` says what it cost.",
  {
    asr_model: textOrNull("Model that understood the speech; null in a chat.", "scribe_realtime"),
    total_transcription_calls: whole("How often the model was called.", 9),
    total_audio_input_seconds: number("Seconds of audio that it heard.", 27.9),
  },
);

const perFeature = {
  price_per_feature: mapOfNumbers("US dollars for each part of the analysis.", {
    evaluation_criteria: 0.0005,
    data_collection: 0.0004,
  }),
  charge_per_feature: mapOfNumbers("ElevenLabs credits for each part of the analysis.", {
    evaluation_criteria: 4,
    data_collection: 4,
  }),
};

const analysisTotal = model("AnalysisTotal", "What all runs of the analysis have cost together.", {
  price: number("In US dollars.", 0.0009),
  charge: whole("In ElevenLabs credits.", 8),
  runs: whole("How often the analysis was made; more than 1 after it was repeated.", 1),
  ...perFeature,
});

const analysisRun = model("AnalysisRun", "What the last run of the analysis has cost.", {
  price: number("In US dollars.", 0.0009),
  charge: whole("In ElevenLabs credits.", 8),
  ...perFeature,
});

const analysisCharging = model("AnalysisCharging", "What the analysis after the call has cost.", {
  total: of(analysisTotal, "All runs together."),
  last_run: of(analysisRun, "The last run alone."),
});

export const charging = model(
  "Charging",
  "How the price came about. Members called `..._charge` and `credits` are ElevenLabs credits; members called `..._price`, `price` " +
    "and `..._dollars_...` are US dollars.",
  {
    dev_discount: flag("Whether the lower price for development and tests was used."),
    is_burst: flag(
      "Whether the call went over the workspace's limit of calls at a time, at the price for that.",
    ),
    tier: textOrNull("Subscription that the prices are those of; null if it is not told.", "scale"),
    llm_usage: of(llmCategories, "Tokens and prices of the language models."),
    llm_price: numberOrNull("Language models, in US dollars; null if it was not worked out.", 0.001671),
    llm_charge: wholeOrNull("Language models, in ElevenLabs credits; null if it was not worked out.", 14),
    call_charge: wholeOrNull(
      "The call's minutes, in ElevenLabs credits; null if it was not worked out.",
      308,
    ),
    platform_charge: wholeOrNull(
      "All but the language models, in ElevenLabs credits; null if it was not worked out.",
      308,
    ),
    platform_usage: of(platformUsage, "All but the language models, by category."),
    platform_price: numberOrNull(
      "All but the language models, in US dollars; null if it was not worked out.",
      0.0616,
    ),
    free_minutes_consumed: number("Minutes that were taken from those included in the subscription.", 0.75),
    free_llm_dollars_consumed: number(
      "US dollars that were taken from the free allowance for language models.",
      0,
    ),
    tts_usage: ofOrNull(synthesisUsage, "Speech that was made; null if it was not measured."),
    asr_usage: ofOrNull(recognitionUsage, "Speech that was understood; null if it was not measured."),
    analysis: ofOrNull(analysisCharging, "The analysis after the call; null if none was made."),
  },
);
