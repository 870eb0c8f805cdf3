import type { AnswerOf } from "../lib/api.ts";

/** A call as the list has it. */
export type CallRow = Omit<AnswerOf<"/conversations/{id}">, "turns" | "event_ids">;
export type Details = AnswerOf<"/conversations/{id}/details">;
export type Turn = Details["turns"][number];
export type TurnTool = Turn["tools"][number];

/** What is drawn and followed of a turn: who speaks from when on, until the next one begins. */
export type SpokenSpan = { index: number; role: string; from: number };

/** The turns that say something, in the order of their beginnings, as far as these are known. */
export function spansOf(turns: readonly Turn[]): SpokenSpan[] {
  const spans = turns.flatMap(({ role, message, time_in_call_secs: from }, index) =>
    message === null || from === null || from < 0 ? [] : [{ index, role: role ?? "", from }],
  );
  return spans.toSorted((a, b) => a.from - b.from || a.index - b.index);
}

/** The turn that is spoken at a time: the last one that has begun; null before the first. */
export function spanAt(spans: readonly SpokenSpan[], time: number): SpokenSpan | null {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.from ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return spans[low - 1] ?? null;
}

export type ResponseTime = {
  index: number;
  at: number | null;
  thinking: number;
  sentence: number;
  speech: number;
  total: number;
};

/** What the parts of each of the agent's answers took, if it says so. */
export function responseTimes(turns: readonly Turn[]): ResponseTime[] {
  return turns.flatMap((turn, index) => {
    const of = (name: string) => turn.metrics.find((metric) => metric.name.endsWith(name))?.seconds ?? null;
    const [first, sentence, speech] = [
      of("llm_service_ttfb"),
      of("llm_service_ttf_sentence"),
      of("tts_service_ttfb"),
    ];
    if (first === null && sentence === null && speech === null) return [];
    const thinking = first ?? 0;
    // The time to the first sentence includes that to the first word.
    const rest = Math.max(0, (sentence ?? thinking) - thinking);
    const total = thinking + rest + (speech ?? 0);
    return [{ index, at: turn.time_in_call_secs, thinking, sentence: rest, speech: speech ?? 0, total }];
  });
}

export function medianOf(values: readonly number[]): number | null {
  const inOrder = values.toSorted((a, b) => a - b);
  const [low, high] = [inOrder[(inOrder.length - 1) >> 1], inOrder[inOrder.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

export function hasFailed({ is_error: isError, is_blocked: isBlocked }: TurnTool): boolean {
  return isError === true || isBlocked === true;
}

export function speakerOf(role: string | null): string {
  if (role === "agent") return "Agent";
  if (role === "user") return "Caller";
  return role === null || role === "" ? "Unknown" : role.charAt(0).toUpperCase() + role.slice(1);
}

/** The class of a role: others than the two have a colour of their own. */
export function toneOf(role: string | null): "agent" | "user" | "other" {
  return role === "agent" || role === "user" ? role : "other";
}
