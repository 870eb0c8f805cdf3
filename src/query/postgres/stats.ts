import type { Argument } from "../port.ts";
import { lateSince } from "../stats.ts";
import type { CallCount, DeliveryCount, StoredFigures } from "../stats.ts";
import type { PostgresReader } from "./reader.ts";

const DELIVERIES = `
  SELECT received_at / 86400000 AS day, type, status, count(*) AS count
  FROM events
  WHERE received_at >= ?::bigint AND received_at < ?::bigint AND (?::text IS NULL OR agent_id = ?::text)
  GROUP BY day, type, status ORDER BY day, type NULLS FIRST, status LIMIT ?`;

const CALLS = `
  SELECT started_at / 86400 AS day, agent_id AS "agentId", count(*) AS calls,
    coalesce(sum(duration_secs), 0)::float8 AS seconds, coalesce(sum(cost_credits), 0)::float8 AS "costCredits",
    coalesce(sum(cost_usd), 0) AS "costUsd",
    count(*) FILTER (WHERE call_successful = 'success') AS succeeded,
    count(*) FILTER (WHERE call_successful = 'failure') AS failed
  FROM conversations
  WHERE started_at >= ?::bigint AND started_at < ?::bigint AND (?::text IS NULL OR agent_id = ?::text)
  GROUP BY day, agent_id ORDER BY day, agent_id NULLS FIRST LIMIT ?`;

const FIGURES = `
  SELECT
    (SELECT count(*) FROM events WHERE status = 'quarantined') AS quarantined,
    (SELECT max(received_at) FROM events) AS "lastReceivedAtMs",
    (SELECT coalesce(sum(audio_bytes), 0)::float8 FROM conversations WHERE audio_bytes IS NOT NULL) AS "recordingBytes",
    (SELECT count(*) FROM conversations
      WHERE has_audio = 1 AND audio_path IS NULL AND updated_at >= ?::bigint AND updated_at < ?::bigint
    ) AS "withoutRecording"`;

/** Day by day until one of the lists is full: the other one ends with that day. */
export async function countByDay({ scan }: PostgresReader, filter: Argument<"countByDay">) {
  const { sinceMs, untilMs, agentId, only, rowsMax } = filter;
  const [since, until] = [Math.ceil(sinceMs / 1000), Math.ceil(untilMs / 1000)];
  const more = [agentId, agentId, rowsMax];
  const deliveries =
    only === "calls" ? [] : await scan<DeliveryCount>(DELIVERIES, [sinceMs, untilMs, ...more]);
  const calls = only === "deliveries" ? [] : await scan<CallCount>(CALLS, [since, until, ...more]);
  const lastDay = Math.min(...[deliveries, calls].map((rows) => rows[rowsMax - 1]?.day ?? Infinity));
  const isShown = ({ day }: { day: number }) => day <= lastDay;
  return { deliveries: deliveries.filter(isShown), calls: calls.filter(isShown) };
}

export async function readFigures({ scan }: PostgresReader, nowMs: number): Promise<StoredFigures> {
  const [row] = await scan<StoredFigures>(FIGURES, lateSince(nowMs));
  if (row === undefined) throw new Error("a query of numbers has no row");
  return row;
}
