import type { Reader } from "./reader.ts";

export type StatsFilter = {
  /** Unix milliseconds. */
  sinceMs: number;
  /** Unix milliseconds, not included. */
  untilMs: number;
  agentId: string | null;
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
};

// Answered by the index alone.
const DELIVERIES = `
  SELECT received_at / 86400000 AS day, type, status, count(*) AS count
  FROM events INDEXED BY events_received
  WHERE received_at >= $from AND received_at < $to AND ($agentId IS NULL OR agent_id = $agentId)
  GROUP BY day, type, status ORDER BY day, type, status LIMIT $rowsMax`;

const CALLS = `
  SELECT started_at / 86400 AS day, agent_id AS agentId, count(*) AS calls, total(duration_secs) AS seconds,
    total(cost_credits) AS costCredits, total(cost_usd) AS costUsd
  FROM conversations
  WHERE started_at >= $from AND started_at < $to AND ($agentId IS NULL OR agent_id = $agentId)
  GROUP BY day, agent_id ORDER BY day, agent_id LIMIT $rowsMax`;

/** Events by day, type and outcome, and calls with what they took and cost by day and agent. */
export function countByDay({ sqlite }: Reader, filter: StatsFilter) {
  const { sinceMs, untilMs, agentId, rowsMax } = filter;
  const more = { agentId, rowsMax };
  const [from, to] = [Math.ceil(sinceMs / 1000), Math.ceil(untilMs / 1000)];
  return {
    deliveries: sqlite
      .query<DeliveryCount, [Record<string, string | number | null>]>(DELIVERIES)
      .all({ from: sinceMs, to: untilMs, ...more }),
    calls: sqlite
      .query<CallCount, [Record<string, string | number | null>]>(CALLS)
      .all({ from, to, ...more }),
  };
}
