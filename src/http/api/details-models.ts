import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import type { Charging, ToolUse, TurnDetails } from "../../model/call-details.ts";
import type { StoredDetails } from "../../query/details.ts";
import { Nullable } from "../lib/models.ts";

const text = (description: string, ...examples: string[]) => Nullable(Type.String({ examples }), description);
const number = (description: string, ...examples: number[]) =>
  Nullable(Type.Number({ examples }), description);
const whole = (description: string, ...examples: number[]) =>
  Nullable(Type.Integer({ examples }), description);
const flag = (description: string) => Nullable(Type.Boolean(), description);

const Metric = Type.Object({
  name: Type.String({ description: "What was measured.", examples: ["convai_llm_service_ttfb"] }),
  seconds: Type.Number({ description: "How long it took.", examples: [0.41] }),
});

const ToolUseModel = Type.Object({
  name: text("Name of the tool.", "find_free_slots"),
  kind: text("Kind of tool.", "webhook", "client", "system", "mcp"),
  request_id: text("Id of this use of the tool.", "req_demo_001"),
  parameters: text("The arguments, as JSON text.", '{"week":"2026-W46"}'),
  method: text("HTTP method of the request that it made.", "GET"),
  url: text(
    "Address of that request, without its query. Its headers are never shown.",
    "https://calendar.example.test/slots",
  ),
  has_run: flag("Whether it really ran; null if nobody said."),
  result: text("What it answered, as text: often JSON.", '{"slots":["2026-11-10T09:00"]}'),
  is_error: flag("Whether it failed; null if it did not answer."),
  is_blocked: flag("Whether a rule forbade it; null if it did not answer."),
  error: text("The error in words.", "deadline exceeded after 20s"),
  seconds: number("How long it took.", 0.3),
});

const Passage = Type.Object({
  document_id: text("Id of the document in the knowledge base.", "kbdoc_demo_01"),
  distance: number("How far it is from what was asked: smaller is nearer.", 0.2144),
  is_used: Type.Boolean({ description: "Whether it went into the prompt." }),
});

const Retrieval = Type.Object({
  query: text("What was looked for.", "opening hours"),
  seconds: number("How long it took.", 0.19),
  passages: Type.Array(Passage, { description: "The passages that were found." }),
});

const TurnDetailsModel = Type.Object({
  turn: whole("The turn's place, from 0.", 3),
  role: text("Who spoke.", "agent", "user"),
  message: text("What was said; null if a tool was used and nothing said."),
  original_message: text("What the agent meant to say before it was interrupted."),
  is_interrupted: Type.Boolean({ description: "Whether the person spoke over the agent." }),
  is_backchannel: Type.Boolean({
    description: "Whether it was a mere `mhm`, which the agent did not answer.",
  }),
  time_in_call_secs: number("When, in seconds since the conversation began.", 12),
  medium: text("How it was said.", "audio", "text", "dtmf"),
  agent_id: text("The agent that the turn belongs to.", "agent_2601kfx0demo0synthetic0aaaa"),
  language_model: text("Language model that wrote it.", "gemini-2.5-flash"),
  feedback: text("The person's thumb for this turn.", "like", "dislike"),
  metrics: Type.Array(Metric, { description: "How long the parts of an answer took." }),
  tools: Type.Array(ToolUseModel, {
    description: "The tools that the agent used, each with its answer, also if that came in a later turn.",
  }),
  retrieval: Type.Union([Retrieval, Type.Null()], {
    description: "The search of the knowledge base; null if there was none.",
  }),
  files: Type.Array(
    Type.Object({
      name: text("The file's name, as the person has it.", "plan.pdf"),
      type: text("What it is, as a MIME type.", "application/pdf"),
    }),
    { description: "Files that the person sent with this turn; not stored here." },
  ),
});

const Criterion = Type.Object({
  id: Type.String({ description: "Id of the criterion.", examples: ["booked"] }),
  result: text("The verdict.", "success", "failure", "unknown"),
  rationale: text("Why, in the words of the language model that judged."),
  score: number("Points; null if the criterion gives none.", 4),
  max_score: number("The most points that there are.", 5),
});

const CollectedValue = Type.Object({
  id: Type.String({ description: "Id of the data point.", examples: ["appointment"] }),
  name: text("Its name for people.", "Appointment time"),
  value: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()], {
    description: "What was found; null if nothing was. A list or an object is written as JSON text.",
    examples: ["2026-11-12T16:30"],
  }),
  rationale: text("Why, in the words of the language model that read it."),
});

const ChargingModel = Type.Object({
  tier: text("Subscription that the prices are those of.", "scale"),
  is_burst: flag("Whether the call went over the workspace's limit of calls at a time."),
  call_credits: number("The call's minutes, in ElevenLabs credits.", 308),
  llm_credits: number("Language models, in ElevenLabs credits.", 14),
  llm_usd: number("Language models, in US dollars.", 0.001671),
  platform_usd: number("All but the language models, in US dollars.", 0.0616),
  categories: Type.Array(
    Type.Object({
      name: Type.String({ description: "The category.", examples: ["voice"] }),
      credits: number("In ElevenLabs credits.", 126),
      usd: number("In US dollars.", 0.0253),
      quantity: number("In the category's unit: seconds of voice, for example.", 21),
    }),
    { description: "All but the language models, by category." },
  ),
  language_models: Type.Array(
    Type.Object({
      name: Type.String({ description: "The language model.", examples: ["gemini-2.5-flash"] }),
      input_tokens: number("Tokens of the prompts, from the cache and not.", 900),
      output_tokens: number("Tokens that it wrote.", 120),
      usd: number("Their price in US dollars.", 0.00027),
    }),
    { description: "The language models, by name." },
  ),
});

const Feedback = Type.Object({
  score: text("The person's thumb for the whole.", "like", "dislike"),
  rating: number("Their stars, 1 to 5.", 5),
  likes: number("Turns with a thumb up.", 1),
  dislikes: number("Turns with a thumb down.", 0),
  comment: text("What they wrote.", "quick and friendly"),
});

const neighbour = (which: string) =>
  text(`Id of the ${which} conversation; null if there is none.`, "conv_2601kfx0demo");

export const DetailsModel = Type.Object({
  conversation_id: Type.String({
    description: "ElevenLabs' name for the conversation.",
    examples: ["conv_2601kfx0demo"],
  }),
  newer: neighbour("next newer"),
  older: neighbour("next older"),
  turns: Type.Array(TurnDetailsModel, { description: "What was said, in order." }),
  criteria: Type.Array(Criterion, {
    description: "The verdicts on the criteria that are set for the agent.",
  }),
  collected: Type.Array(CollectedValue, { description: "What was read out of the conversation." }),
  success_score: number("Points for the whole; null if no criterion gives points.", 0.9),
  charging: Type.Union([ChargingModel, Type.Null()], {
    description: "How the price came about; null if the event does not say.",
  }),
  feedback: Type.Union([Feedback, Type.Null()], {
    description: "What the person thought of the conversation; null if nobody said.",
  }),
  error: Type.Union(
    [
      Type.Object({
        code: number("A number whose meanings are not published.", 1011),
        reason: text("The same in words.", "LLM provider did not answer"),
      }),
      Type.Null(),
    ],
    { description: "What went wrong; null if nothing did." },
  ),
  warnings: Type.Array(Type.String(), {
    description: "What went wrong without ending the conversation.",
  }),
});

/** A call's details as the API writes them. */
export function shownDetails(conversationId: string, found: StoredDetails): Static<typeof DetailsModel> {
  const { newer, older, details } = found;
  const { turns, criteria, collected, successScore, charging, feedback, error, warnings } = details;
  return {
    conversation_id: conversationId,
    newer,
    older,
    turns: turns.map(shownTurn),
    criteria: criteria.map(({ id, result, rationale, score, scoreMax }) => ({
      id,
      result,
      rationale,
      score,
      max_score: scoreMax,
    })),
    collected,
    success_score: successScore,
    charging: charging && shownCharging(charging),
    feedback,
    error,
    warnings,
  };
}

function shownTurn(turn: TurnDetails): Static<typeof TurnDetailsModel> {
  const { retrieval } = turn;
  return {
    turn: turn.turn,
    role: turn.role,
    message: turn.message,
    original_message: turn.originalMessage,
    is_interrupted: turn.isInterrupted,
    is_backchannel: turn.isBackchannel,
    time_in_call_secs: turn.timeInCallSecs,
    medium: turn.medium,
    agent_id: turn.agentId,
    language_model: turn.languageModel,
    feedback: turn.feedback,
    metrics: turn.metrics,
    tools: turn.tools.map(shownTool),
    retrieval: retrieval && {
      query: retrieval.query,
      seconds: retrieval.seconds,
      passages: retrieval.passages.map(({ documentId, distance, isUsed }) => ({
        document_id: documentId,
        distance,
        is_used: isUsed,
      })),
    },
    files: turn.files,
  };
}

function shownTool(use: ToolUse): Static<typeof ToolUseModel> {
  return {
    name: use.name,
    kind: use.kind,
    request_id: use.requestId,
    parameters: use.parameters,
    method: use.method,
    url: use.url,
    has_run: use.hasRun,
    result: use.result,
    is_error: use.isError,
    is_blocked: use.isBlocked,
    error: use.error,
    seconds: use.seconds,
  };
}

function shownCharging(charging: Charging): Static<typeof ChargingModel> {
  return {
    tier: charging.tier,
    is_burst: charging.isBurst,
    call_credits: charging.callCredits,
    llm_credits: charging.llmCredits,
    llm_usd: charging.llmUsd,
    platform_usd: charging.platformUsd,
    categories: charging.categories,
    language_models: charging.languageModels.map(({ name, inputTokens, outputTokens, usd }) => ({
      name,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      usd,
    })),
  };
}
