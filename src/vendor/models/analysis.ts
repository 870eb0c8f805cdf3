import { Type } from "@sinclair/typebox";
import {
  deprecated,
  flag,
  known,
  knownOrNull,
  list,
  mapOf,
  model,
  numberOrNull,
  ofOrNull,
  oneOf,
  text,
  textOrNull,
  textsOrNull,
  wholeOrNull,
} from "./field.ts";

const verdicts = ["success", "failure", "unknown"];

const criterionResult = model(
  "EvaluationResult",
  "The verdict on one criterion that you have set for the agent.",
  {
    criteria_id: text("Id of the criterion.", "booked"),
    result: known("The verdict; `unknown` if the transcript does not tell.", verdicts),
    rationale: text("Why, in the words of the language model that judged.", "Friendly wording throughout."),
    scoring_mode: knownOrNull(
      "Whether the criterion is met or not (`binary`) or gives points; null in older events.",
      ["binary", "numeric_uniform"],
    ),
    score: wholeOrNull("Points; null if the criterion gives none.", 4),
    max_score: wholeOrNull("The most points that there are; null if the criterion gives none.", 5),
  },
);

const allowedValues = model("AllowedValues", "A limit on the values, kept by the server.", {
  dynamic_variable: text("The dynamic variable that holds the values.", "open_parcels"),
});

const dataDefinition = model("DataDefinition", "How a data point was defined when it was collected.", {
  type: Type.Optional(
    Type.Union(
      [oneOf(["string", "boolean", "integer", "number"]), Type.String(), Type.Array(Type.String())],
      {
        description: "JSON type of the value, or several.",
        examples: ["string", ["string", "null"]],
      },
    ),
  ),
  description: text("What the language model was told to look for.", "Agreed time"),
  enum: textsOrNull("The only values that count; null: any.", "morning", "afternoon"),
  is_system_provided: flag("Whether the platform fills it in itself."),
  dynamic_variable: text("Dynamic variable that it is taken from; empty: none.", ""),
  allowed_values_dynamic_variable: deprecated(text("Older form of `allowed_values`; empty: none.", "")),
  constant_value: Type.Optional(
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()], {
      description: "A fixed value; empty or null: none.",
      examples: [""],
    }),
  ),
  is_omitted: flag("Whether it is left out of requests."),
  allowed_values: ofOrNull(allowedValues, "A limit on the values; null: none."),
});

const dataResult = model("DataCollectionResult", "One data point that was read out of the conversation.", {
  data_collection_id: text("Id of the data point.", "appointment"),
  value: Type.Optional(
    Type.Unknown({
      description:
        "What was found, of the type that you have set: text, number or boolean. Null if nothing was found.",
      examples: ["2026-11-12T16:30", 8841, true, null],
    }),
  ),
  json_schema: ofOrNull(dataDefinition, "How it was defined; null in some older events."),
  rationale: text("Why, in the words of the language model that read it.", "Named by the patient."),
  name: textOrNull("Name of the data point for people; null if it has none.", "Appointment time"),
});

const results = {
  evaluation_criteria_results: mapOf(
    criterionResult,
    "Verdicts by criterion: the member's name is the criterion's id.",
  ),
  data_collection_results: mapOf(dataResult, "Data points: the member's name is the data point's id."),
};

const scopedAnalysis = model(
  "ScopedAnalysis",
  "The analysis of one agent's part, or of the whole, after a handover.",
  {
    scope: known("Whether this is about the whole conversation or one agent's part.", [
      "conversation",
      "agent",
    ]),
    source_agent_id: text("The agent whose criteria were used.", "agent_2601kfx0demo0synthetic0bbbb"),
    source_branch_id: textOrNull("The branch of that agent; null if it has none.", "agtbrch_demo_2"),
    ...results,
    successful: known("The verdict on this part.", verdicts),
    success_score: numberOrNull("Points for this part; null if no criterion gives points.", 0.9),
  },
);

/** What ElevenLabs found out about a conversation after it. */
export const analysis = model(
  "ConversationAnalysis",
  "What a language model found out after the conversation.",
  {
    ...results,
    evaluation_criteria_results_list: list(criterionResult, "The same verdicts as a list."),
    data_collection_results_list: list(dataResult, "The same data points as a list."),
    call_successful: known(
      "The verdict on the whole, made from your criteria. Stored as `conversations.call_successful`.",
      verdicts,
    ),
    call_success_score: numberOrNull("Points for the whole; null if no criterion gives points.", 0.9),
    transcript_summary: text(
      "What it was about, in some sentences. Stored as `conversations.summary`.",
      "A customer asked about a repair and learned the pick-up time.",
    ),
    call_summary_title: textOrNull(
      "The same in some words; null if none was made. Stored as `conversations.title`.",
      "Bicycle repair pick-up",
    ),
    scoped: list(scopedAnalysis, "One part for each agent, if several took part; else empty."),
  },
);
