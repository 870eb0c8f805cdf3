import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { CallCount, DeliveryCount } from "../../query/stats.ts";
import { Nullable, Time, timeText } from "../lib/models.ts";
import { errorResponse } from "../errors.ts";
import { choiceParameter, textParameter, timeParameter } from "../lib/parameters.ts";
import { question } from "./route.ts";
import type { ApiParts } from "./route.ts";

const DAY_MS = 86_400_000;
const DAYS_USUAL = 30;
const DAYS_MAX = 366;
const ROWS_MAX = 20_000;

const parameters = {
  since: timeParameter(
    `From this time on; the beginning of the day ${DAYS_USUAL} days before the end unless told.`,
  ),
  until: timeParameter(`Before this time; now unless told. At most ${DAYS_MAX} days after the beginning.`),
  agent_id: textParameter("Only what belongs to this agent."),
  only: choiceParameter(
    ["calls", "deliveries"],
    "Only this list; the other one is empty. Of a year and a million calls, that takes half the time.",
  ),
};

const Day = Type.String({
  format: "date",
  description: "In UTC. The first and the last day count only as far as they are in the range.",
  examples: ["2026-01-31"],
});

const Stats = Type.Object({
  since: Type.Unsafe<string>({ ...Time, description: "The beginning of the range." }),
  until: Type.Unsafe<string>({ ...Time, description: "The end of the range, not included." }),
  deliveries: Type.Array(
    Type.Object({
      day: Day,
      type: Nullable(
        Type.String({ examples: ["post_call_transcription"] }),
        "The events' type; null if it could not be read.",
      ),
      status: Type.String({
        enum: ["processed", "quarantined"],
        description: "What became of them: what they are now.",
      }),
      count: Type.Integer({
        description: "How many events; the same body again does not count.",
        examples: [120],
      }),
    }),
    { description: "Events by the day of their receipt, type and outcome." },
  ),
  calls: Type.Array(
    Type.Object({
      day: Day,
      agent_id: Nullable(
        Type.String({ examples: ["agent_2601kfx0demo0synthetic0aaaa"] }),
        "The agent that spoke.",
      ),
      calls: Type.Integer({ description: "Conversations that began on that day.", examples: [40] }),
      minutes: Type.Number({ description: "How long they took together.", examples: [95.25] }),
      cost_credits: Type.Number({
        description: "What they cost together, in ElevenLabs' credits.",
        examples: [12650],
      }),
      cost_usd: Type.Number({ description: "What they cost together, in US dollars.", examples: [3.52] }),
      succeeded: Type.Integer({ description: "Those whose verdict is `success`.", examples: [34] }),
      failed: Type.Integer({ description: "Those whose verdict is `failure`.", examples: [4] }),
    }),
    {
      description:
        "Conversations by the day of their beginning and by agent. Without a known beginning, as while only its " +
        "recording has arrived, one is not counted.",
    },
  ),
});

/** `GET /stats`: what arrived, how long the calls were and what they cost, day by day. */
export function statsRoutes({ queries, clock }: ApiParts) {
  return new Elysia({ name: "stats" }).get(
    "/stats",
    ...question(
      {
        summary: "Count events, calls, minutes and costs by day",
        tag: "stats",
        parameters,
        model: Stats,
        says: "The numbers, by day.",
      },
      async (_, { agent_id: agentId, only, ...range }) => {
        const untilMs = range.until ?? clock.nowMs();
        const sinceMs = range.since ?? beginningOfDay(untilMs - DAYS_USUAL * DAY_MS);
        const problem = problemOf(sinceMs, untilMs);
        if (problem !== null) return errorResponse("invalid_parameter", { error: problem });

        const asked = { sinceMs, untilMs, agentId, only, rowsMax: ROWS_MAX + 1 };
        const { deliveries, calls } = await queries.ask("countByDay", asked);
        if (deliveries.length > ROWS_MAX || calls.length > ROWS_MAX) {
          const error =
            "Invalid parameter: too many days and agents at once, take a shorter range or one agent";
          return errorResponse("invalid_parameter", { error });
        }
        return {
          since: timeText(sinceMs),
          until: timeText(untilMs),
          deliveries: deliveries.map(shownDeliveries),
          calls: calls.map(shownCalls),
        };
      },
    ),
  );
}

function beginningOfDay(unixMs: number): number {
  return Math.max(0, unixMs - (unixMs % DAY_MS));
}

function problemOf(sinceMs: number, untilMs: number): string | null {
  if (sinceMs >= untilMs) return "Invalid parameter: since must be before until";
  if (untilMs - sinceMs > DAYS_MAX * DAY_MS) {
    return `Invalid parameter: since and until must be at most ${DAYS_MAX} days apart`;
  }
  return null;
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function shownDeliveries({ day, type, status, count }: DeliveryCount) {
  return { day: dayText(day), type, status, count };
}

function shownCalls(row: CallCount) {
  return {
    day: dayText(row.day),
    agent_id: row.agentId,
    calls: row.calls,
    minutes: rounded(row.seconds / 60),
    cost_credits: rounded(row.costCredits),
    cost_usd: rounded(row.costUsd),
    succeeded: row.succeeded,
    failed: row.failed,
  };
}

/** Sums of fractions end in digits that nobody meant. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
