import type { Reader } from "./reader.ts";

export type StatsFilter = {
  /** Unix milliseconds. */
  sinceMs: number;
  /** Unix milliseconds, not included. */
  untilMs: number;
  agentId: string | null;
  /** The other list is empty; null: both are wanted. */
  only: "calls" | "deliveries" | null;
  /** Of each of the two lists. */
  rowsMax: number;
};

/** Days are counted from 1970-01-01, in UTC. */
export type DeliveryCount = { day: number; type: string | null; status: string; count: number };

export type CallCount = {
  day: number;
  agentId: string | null;
  calls: number;
  seconds: number;
  costCredits: number;
  costUsd: number;
  succeeded: number;
  failed: number;
};

const DAY_SECONDS = 86_400;
const DAY_MS = DAY_SECONDS * 1000;
/** After this many days it is the turn of other questions. */
const DAYS_A_TURN = 8;

// In SQL of our own, here and for the figures: drizzle can't say by which index a question is answered. One day at a
// time, since a year at once takes SQLite twice as long: it would sort all of it to group it.
const DELIVERIES = `
  SELECT type, status, count(*) AS count
  FROM events INDEXED BY events_received
  WHERE received_at >= $from AND received_at < $to AND ($agentId IS NULL OR agent_id = $agentId)
  GROUP BY type, status ORDER BY type, status`;

const CALLS = `
  SELECT agent_id AS agentId, count(*) AS calls, total(duration_secs) AS seconds,
    total(cost_credits) AS costCredits, total(cost_usd) AS costUsd,
    count(iif(call_successful = 'success', 1, NULL)) AS succeeded,
    count(iif(call_successful = 'failure', 1, NULL)) AS failed
  FROM conversations
  WHERE started_at >= $from AND started_at < $to AND ($agentId IS NULL OR agent_id = $agentId)
  GROUP BY agent_id ORDER BY agent_id`;

type Bound = Record<string, string | number | null>;

/** Events by day, type and outcome, and calls with what they took and cost by day and agent. */
export async function countByDay({ sqlite }: Reader, filter: StatsFilter) {
  const { sinceMs, untilMs, agentId, only, rowsMax } = filter;
  const deliveriesOf = sqlite.query<Omit<DeliveryCount, "day">, [Bound]>(DELIVERIES);
  const callsOf = sqlite.query<Omit<CallCount, "day">, [Bound]>(CALLS);
  const [since, until] = [Math.ceil(sinceMs / 1000), Math.ceil(untilMs / 1000)];
  const deliveries: DeliveryCount[] = [];
  const calls: CallCount[] = [];
  const isFull = () => deliveries.length >= rowsMax || calls.length >= rowsMax;
  for (let day = Math.floor(sinceMs / DAY_MS); day * DAY_MS < untilMs && !isFull(); day += 1) {
    const ms = { from: Math.max(sinceMs, day * DAY_MS), to: Math.min(untilMs, (day + 1) * DAY_MS) };
    const seconds = {
      from: Math.max(since, day * DAY_SECONDS),
      to: Math.min(until, (day + 1) * DAY_SECONDS),
    };
    const ofDeliveries = only === "calls" ? [] : deliveriesOf.all({ ...ms, agentId });
    const ofCalls = only === "deliveries" ? [] : callsOf.all({ ...seconds, agentId });
    for (const row of ofDeliveries) deliveries.push({ day, ...row });
    for (const row of ofCalls) calls.push({ day, ...row });
    if (day % DAYS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { deliveries: deliveries.slice(0, rowsMax), calls: calls.slice(0, rowsMax) };
}

export type StoredFigures = {
  quarantined: number;
  lastReceivedAtMs: number | null;
  recordingBytes: number;
  withoutRecording: number;
};

const LATE_MS = 15 * 60_000;
const WINDOW_MS = 24 * 60 * 60_000;

/** Between when a conversation was updated last that waits for its recording for too long. */
export const lateSince = (nowMs: number): [fromMs: number, untilMs: number] => [
  nowMs - WINDOW_MS,
  nowMs - LATE_MS,
];

// Each is answered by one index, and by a few entries of it.
const FIGURES = `
  SELECT
    (SELECT count(*) FROM events INDEXED BY events_quarantined WHERE status = 'quarantined') AS quarantined,
    (SELECT max(received_at) FROM events INDEXED BY events_received) AS lastReceivedAtMs,
    (SELECT count(*) FROM conversations INDEXED BY conversations_awaiting_audio
      WHERE has_audio = 1 AND audio_path IS NULL AND updated_at >= ? AND updated_at < ?) AS withoutRecording`;

/**
 * What the database says of itself, for monitoring. `withoutRecording` counts the conversations of the last day that say
 * they have audio, and have waited for it for more than 15 minutes.
 */
export function readFigures(
  { sqlite, sumRecordings }: Pick<Reader, "sqlite" | "sumRecordings">,
  nowMs: number,
): StoredFigures {
  const row = sqlite.query<Omit<StoredFigures, "recordingBytes">, number[]>(FIGURES).get(...lateSince(nowMs));
  if (row === null) throw new Error("a query of numbers has no row");
  return { ...row, recordingBytes: sumRecordings(sqlite, nowMs) };
}
