import type { Reader } from "./reader.ts";

export type AgentRow = { agentId: string; agentName: string | null; calls: number; lastStartedAt: number };

// Of a bare column beside max(), SQLite takes the value of the row that has the maximum.
const AGENTS = `
  SELECT agent_id AS agentId, agent_name AS agentName, count(*) AS calls, max(started_at) AS lastStartedAt
  FROM conversations WHERE started_at >= ? AND agent_id IS NOT NULL
  GROUP BY agent_id ORDER BY calls DESC, agentId LIMIT ?`;

/** The agents of the conversations that began since a time, those with the most of them first. */
export function listAgents({ sqlite }: Reader, asked: { since: number; rowsMax: number }): AgentRow[] {
  return sqlite.query<AgentRow, number[]>(AGENTS).all(asked.since, asked.rowsMax);
}
