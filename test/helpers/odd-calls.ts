import { isObject } from "../../src/vendor/json-value.ts";
import type { JsonObject } from "../../src/vendor/json-value.ts";
import { audio, fixture } from "./deliveries.ts";

/** A conversation that no page is made for, and the events that make it. */
export type OddCall = { name: string; id: string; bodies: string[] };

/** What HTML would do if anything of it ran: the test looks for it. */
export const RAN = "hasRunWhatACallerSaid";

const DEPTHS = [2, 3, 4, 5, 6];
const LONG_CHARS = 1_000_000;
const MARKUP = `<img src="https://attacker.example.test/x" onerror="window.${RAN}=1"><script>window.${RAN}=1</script><svg onload="window.${RAN}=1">`;
const RIGHT_TO_LEFT = "שלום, אפשר לקבוע תור ליום שלישי? ‏מספר 3004 (abc) — תודה.";
/** Without these a body is no event of a conversation. */
const KEPT = new Set(["type", "data", "conversation_id"]);

const full: JsonObject = JSON.parse(fixture("transcription_full_twilio_outbound.json").toString());

/** Every call that a page has to bear: each field missing, null, of a wrong type, long, right-to-left, or HTML. */
export function oddCalls(): OddCall[] {
  return [
    ...DEPTHS.map((depth) => changed(`missing below ${depth}`, depth, () => undefined)),
    ...DEPTHS.map((depth) => changed(`null below ${depth}`, depth, () => null)),
    ...DEPTHS.map((depth) => changed(`wrong types below ${depth}`, depth, wrongTypeOf)),
    ...["", 0, -1, 1e308, true, [], {}, [[]], [null], [7]].map((value, index) =>
      changed(`value ${index}`, 3 + (index % 3), () => value),
    ),
    ofTexts("HTML", () => MARKUP),
    ofTexts("right-to-left", () => RIGHT_TO_LEFT),
    ofTexts("a javascript address", () => `javascript:window.${RAN}=1`),
    ofTexts("control characters", (text) => `\u0000\u001b[31m${text}\u202e\uD800`),
    long("a".repeat(LONG_CHARS), "What she said. ".repeat(LONG_CHARS / 15)),
    {
      name: "only a recording",
      id: "conv_odd_only_a_recording",
      bodies: [audio("conv_odd_only_a_recording", fixture("tone.mp3"))],
    },
    {
      name: "a recording that is none",
      id: "conv_odd_no_mp3",
      bodies: [
        eventOf({ ...full, data: { ...dataOf(full), conversation_id: "conv_odd_no_mp3" } }),
        audio("conv_odd_no_mp3", new TextEncoder().encode("this is no MP3")),
      ],
    },
    {
      name: "an id of odd characters",
      id: "conv/odd?a=b#c %20\"'<b>",
      bodies: [eventOf({ ...full, data: { ...dataOf(full), conversation_id: "conv/odd?a=b#c %20\"'<b>" } })],
    },
  ];
}

/** The full call, in which all values that lie so deep are others. */
function changed(name: string, depth: number, change: (value: unknown) => unknown): OddCall {
  const id = `conv_odd_${name.replaceAll(/\W+/g, "_")}`;
  const body = map(full, depth, change);
  return {
    name,
    id,
    bodies: [eventOf({ ...full, ...body, data: { ...dataOf(body), conversation_id: id } })],
  };
}

function map(value: JsonObject, depth: number, change: (value: unknown) => unknown): JsonObject {
  const entries = Object.entries(value).map(([name, inner]) => {
    if (!KEPT.has(name)) return [name, below(inner, depth - 1, change)];
    return [name, isObject(inner) ? map(inner, depth - 1, change) : inner];
  });
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

function below(value: unknown, depth: number, change: (value: unknown) => unknown): unknown {
  if (depth <= 1 || (!Array.isArray(value) && !isObject(value))) return change(value);
  if (Array.isArray(value)) return value.map((inner) => below(inner, depth - 1, change)).filter(isPresent);
  return map(value, depth, change);
}

function isPresent(value: unknown): boolean {
  return value !== undefined;
}

function wrongTypeOf(value: unknown): unknown {
  if (typeof value === "string") return { odd: [1] };
  if (typeof value === "number") return "many";
  if (typeof value === "boolean") return "maybe";
  if (Array.isArray(value)) return { 0: "odd" };
  return isObject(value) ? ["odd"] : 7;
}

/** The full call with other texts throughout, also for names of members below the ones that are documented. */
function ofTexts(name: string, change: (text: string) => string): OddCall {
  const id = `conv_odd_${name.replaceAll(/\W+/g, "_")}`;
  const body = JSON.parse(JSON.stringify(full), (member, value) =>
    typeof value !== "string" || KEPT.has(member) || member === "role" ? value : change(value),
  );
  const criterion = { [MARKUP]: { criteria_id: change("x"), result: "failure", rationale: change("x") } };
  body.data.analysis.evaluation_criteria_results = criterion;
  return { name, id, bodies: [eventOf({ ...body, data: { ...body.data, conversation_id: id } })] };
}

/** The full call with a few texts as long as a book. */
function long(word: string, text: string): OddCall {
  const id = "conv_odd_long";
  const body = structuredClone(full);
  const data = dataOf(body);
  const analysis = isObject(data.analysis) ? data.analysis : {};
  Object.assign(data, { agent_name: word, conversation_id: id });
  Object.assign(analysis, { transcript_summary: text, call_summary_title: word });
  const failed = {
    request_id: "req_1",
    tool_name: word,
    result_value: text,
    is_error: true,
    raw_error_message: text,
  };
  data.transcript = [
    {
      role: "agent",
      message: text,
      interrupted: true,
      original_message: text.slice(0, 1000),
      time_in_call_secs: 0,
    },
    { role: "agent", message: null, tool_results: [failed], time_in_call_secs: 3 },
    { role: "user", message: word, time_in_call_secs: 5 },
  ];
  return { name: "texts of 1 MB", id, bodies: [eventOf(body)] };
}

function dataOf(body: JsonObject): JsonObject {
  return isObject(body.data) ? body.data : {};
}

function eventOf(body: JsonObject): string {
  return JSON.stringify(body);
}
