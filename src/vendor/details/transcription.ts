import { noDetails } from "../../model/call-details.ts";
import type {
  CallDetails,
  CallFeedback,
  Charging,
  CollectedValue,
  Criterion,
  Retrieval,
  TurnDetails,
} from "../../model/call-details.ts";
import { isObject, listAt, numberAt, textAt, valueAt } from "../json-value.ts";
import type { JsonObject } from "../json-value.ts";
import type { VendorConversation } from "../models/conversation.ts";
import type { Metadata } from "../models/metadata.ts";
import type { VendorTurn } from "../models/turn.ts";
import { reading } from "../reading.ts";
import { flagAt, shownTextAt } from "./shown-text.ts";
import { createToolUses } from "./tools.ts";

const ofConversation = reading<VendorConversation>();
const ofMetadata = reading<Metadata>();
const ofTurn = reading<VendorTurn>();

/** What a `post_call_transcription` says of its call beside its facts, whatever is odd in it. */
export function detailsOfTranscription(data: JsonObject): CallDetails {
  const analysis = ofConversation.value(data, "analysis");
  const metadata = ofConversation.value(data, "metadata");
  const usesOf = createToolUses();
  return {
    ...noDetails,
    turns: ofConversation
      .list(data, "transcript")
      .flatMap((turn, index) => (isObject(turn) ? turnDetails(turn, index, usesOf) : [])),
    criteria: resultsOf(analysis, "evaluation_criteria_results", "criteria_id").map(criterion),
    collected: resultsOf(analysis, "data_collection_results", "data_collection_id").map(collectedValue),
    successScore: numberAt(analysis, "call_success_score"),
    charging: chargingOf(ofMetadata.value(metadata, "charging")),
    feedback: feedbackOf(ofMetadata.value(metadata, "feedback")),
    error: errorOf(ofMetadata.value(metadata, "error")),
    warnings: ofMetadata.list(metadata, "warnings").flatMap((warning) => shownTextAt(warning) ?? []),
  };
}

function turnDetails(
  turn: JsonObject,
  index: number,
  usesOf: ReturnType<typeof createToolUses>,
): TurnDetails {
  return {
    turn: index,
    role: ofTurn.text(turn, "role"),
    message: shownTextAt(turn, "message"),
    originalMessage: shownTextAt(turn, "original_message"),
    isInterrupted: ofTurn.value(turn, "interrupted") === true,
    isBackchannel: ofTurn.value(turn, "ignored_as_backchannel") === true,
    timeInCallSecs: ofTurn.number(turn, "time_in_call_secs"),
    medium: ofTurn.text(turn, "source_medium"),
    agentId: ofTurn.text(turn, "agent_metadata", "agent_id"),
    languageModel: ofTurn.text(turn, "producing_llm"),
    feedback: ofTurn.text(turn, "feedback", "score"),
    metrics: metricsOf(ofTurn.value(turn, "conversation_turn_metrics")),
    tools: usesOf(ofTurn.list(turn, "tool_calls"), ofTurn.list(turn, "tool_results")),
    retrieval: retrievalOf(ofTurn.value(turn, "rag_retrieval_info")),
    files: ofTurn
      .list(turn, "file_inputs")
      .filter(isObject)
      .map((file) => ({
        name: shownTextAt(file, "original_filename"),
        type: shownTextAt(file, "mime_type"),
      })),
  };
}

/** Some events have the times one level higher. */
function metricsOf(metrics: unknown): TurnDetails["metrics"] {
  return [metrics, valueAt(metrics, "metrics")].flatMap(entriesOf).flatMap(([name, metric]) => {
    const seconds = numberAt(metric, "elapsed_time");
    return seconds === null ? [] : [{ name, seconds }];
  });
}

function retrievalOf(info: unknown): Retrieval | null {
  if (!isObject(info)) return null;
  const used = new Set(listAt(info, "used_chunk_ids"));
  return {
    query: shownTextAt(info, "retrieval_query"),
    seconds: numberAt(info, "rag_latency_secs"),
    passages: listAt(info, "chunks")
      .filter(isObject)
      .map((chunk) => ({
        documentId: shownTextAt(chunk, "document_id"),
        distance: numberAt(chunk, "vector_distance"),
        isUsed: used.has(valueAt(chunk, "chunk_id")),
      })),
  };
}

type Result = { id: string; result: JsonObject };

/** Results by id: those in the map, and those that only the list has. */
function resultsOf(analysis: unknown, name: string, idName: string): Result[] {
  const named = entriesOf(valueAt(analysis, name)).flatMap(([id, result]) =>
    isObject(result) ? [{ id, result }] : [],
  );
  const known = new Set(named.map(({ id }) => id));
  const listed = listAt(analysis, `${name}_list`).flatMap((result) => {
    const id = textAt(result, idName);
    return isObject(result) && id !== null && !known.has(id) ? [{ id, result }] : [];
  });
  return [...named, ...listed];
}

function criterion({ id, result }: Result): Criterion {
  return {
    id,
    result: shownTextAt(result, "result"),
    rationale: shownTextAt(result, "rationale"),
    score: numberAt(result, "score"),
    scoreMax: numberAt(result, "max_score"),
  };
}

function collectedValue({ id, result }: Result): CollectedValue {
  return {
    id,
    name: shownTextAt(result, "name"),
    value: plainValue(valueAt(result, "value")),
    rationale: shownTextAt(result, "rationale"),
  };
}

/** A list or an object, which nobody has announced, as its JSON. */
function plainValue(value: unknown): CollectedValue["value"] {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "object" && value !== null) return shownTextAt(JSON.stringify(value));
  return shownTextAt(value);
}

function chargingOf(charging: unknown): Charging | null {
  if (!isObject(charging)) return null;
  return {
    tier: shownTextAt(charging, "tier"),
    isBurst: flagAt(valueAt(charging, "is_burst")),
    callCredits: numberAt(charging, "call_charge"),
    llmCredits: numberAt(charging, "llm_charge"),
    llmUsd: numberAt(charging, "llm_price"),
    platformUsd: numberAt(charging, "platform_price"),
    categories: entriesOf(valueAt(charging, "platform_usage", "category_usage")).map(([name, usage]) => ({
      name,
      credits: numberAt(usage, "credits"),
      usd: numberAt(usage, "price"),
      quantity: numberAt(usage, "quantity"),
    })),
    // Of every answer that was begun: these prices add up to the whole.
    languageModels: entriesOf(valueAt(charging, "llm_usage", "initiated_generation", "model_usage")).map(
      languageModel,
    ),
  };
}

function languageModel([name, usage]: [string, unknown]): Charging["languageModels"][number] {
  const sumOf = (member: string, ...parts: string[]) => {
    const values = parts.flatMap((part) => numberAt(usage, part, member) ?? []);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  };
  const inputs = ["input", "input_cache_read", "input_cache_write"];
  return {
    name,
    inputTokens: sumOf("tokens", ...inputs),
    outputTokens: sumOf("tokens", "output_total"),
    usd: sumOf("price", ...inputs, "output_total"),
  };
}

/** null if nobody said anything. */
function feedbackOf(feedback: unknown): CallFeedback | null {
  const said = {
    score: shownTextAt(feedback, "overall_score"),
    rating: numberAt(feedback, "rating"),
    likes: numberAt(feedback, "likes"),
    dislikes: numberAt(feedback, "dislikes"),
    comment: shownTextAt(feedback, "comment"),
  };
  return Object.values(said).some((value) => value !== null && value !== 0) ? said : null;
}

function errorOf(error: unknown): CallDetails["error"] {
  if (!isObject(error)) return null;
  return { code: numberAt(error, "code"), reason: shownTextAt(error, "reason") };
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}
