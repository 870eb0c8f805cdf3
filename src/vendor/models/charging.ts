import {
  flag,
  mapOfNumbers,
  model,
  number,
  numberOrNull,
  of,
  ofOrNull,
  textOrNull,
  whole,
  wholeOrNull,
} from "./field.ts";
import { llmCategories, platformUsage, recognitionUsage, synthesisUsage } from "./usage.ts";

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
    tier: textOrNull("Subscription that the prices are those of; null where it is not told.", "scale"),
    llm_usage: of(llmCategories, "Tokens and prices of the language models."),
    llm_price: numberOrNull("Language models, in US dollars; null where it was not worked out.", 0.001671),
    llm_charge: wholeOrNull("Language models, in ElevenLabs credits; null where it was not worked out.", 14),
    call_charge: wholeOrNull(
      "The call's minutes, in ElevenLabs credits; null where it was not worked out.",
      308,
    ),
    platform_charge: wholeOrNull(
      "All but the language models, in ElevenLabs credits; null where it was not worked out.",
      308,
    ),
    platform_usage: of(platformUsage, "All but the language models, by category."),
    platform_price: numberOrNull(
      "All but the language models, in US dollars; null where it was not worked out.",
      0.0616,
    ),
    free_minutes_consumed: number("Minutes that were taken from those included in the subscription.", 0.75),
    free_llm_dollars_consumed: number(
      "US dollars that were taken from the free allowance for language models.",
      0,
    ),
    tts_usage: ofOrNull(synthesisUsage, "Speech that was made; null where it was not measured."),
    asr_usage: ofOrNull(recognitionUsage, "Speech that was understood; null where it was not measured."),
    analysis: ofOrNull(analysisCharging, "The analysis after the call; null where none was made."),
  },
);
