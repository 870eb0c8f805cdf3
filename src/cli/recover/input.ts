import type { Parsed } from "../../platform/parsed.ts";
import { wholeNumber } from "../../platform/text.ts";
import type { RecoverRequest } from "../../recover/request.ts";
import type { Given } from "../command.ts";

const SECONDS: Record<string, number> = { m: 60, h: 3600, d: 86_400 };
const COUNT_MAX = 99_999;
const DEFAULT_SINCE = "7d";
const AGENTS_MAX = 50;
const ID = /^[\w-]{1,256}$/;

/** Reads what the `recover` command is to ask for. */
export function readRecoverInput(given: Given, nowMs: number): Parsed<RecoverRequest> {
  const { conversation, agent } = given;
  if (conversation !== undefined && (given.since ?? given.until ?? agent) !== undefined)
    return faulty("--conversation goes with neither --since, --until nor --agent");
  if (conversation !== undefined && !ID.test(conversation))
    return faulty("--conversation is not the id of a conversation");
  const agents = agent?.split(",").map((id) => id.trim()) ?? null;
  if (agents !== null && (agents.length > AGENTS_MAX || !agents.every((id) => ID.test(id))))
    return faulty(`--agent: give up to ${AGENTS_MAX} ids of agents, with commas`);

  const since = secondsOf(given.since ?? DEFAULT_SINCE, nowMs);
  const until = given.until === undefined ? null : secondsOf(given.until, nowMs);
  if (since === undefined) return faulty(whyNoTime("--since"));
  if (until === undefined) return faulty(whyNoTime("--until"));
  if (until !== null && until <= since) return faulty("--until is not later than --since");
  const value: RecoverRequest = {
    kind: "recover",
    since: conversation === undefined ? since : null,
    until,
    agents,
    conversation: conversation ?? null,
    recordings: given.recordings !== undefined,
    dryRun: given.dryRun !== undefined,
  };
  return { ok: true, value };
}

function faulty(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

function whyNoTime(flag: string): string {
  return `${flag} is not a time in the past such as 7d, 12h, 30m, 2026-11-14 or 2026-11-14T09:30:00Z`;
}

/** Unix seconds; undefined if it is no time in the past. */
function secondsOf(text: string, nowMs: number): number | undefined {
  const nowSeconds = Math.floor(nowMs / 1000);
  const [, count = "", unit = ""] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const number = wholeNumber(count, { min: 1, max: COUNT_MAX });
  if (number !== null) return Math.max(0, nowSeconds - number * (SECONDS[unit] ?? 0));
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const seconds = isTime ? Math.floor(Date.parse(text) / 1000) : Number.NaN;
  return seconds >= 0 && seconds <= nowSeconds ? seconds : undefined;
}
