import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { optionalSecondsText, secondsOf, Nullable, Time } from "../lib/models.ts";
import { timeParameter } from "../lib/parameters.ts";
import { question } from "./route.ts";
import type { ApiParts } from "./route.ts";

const DAYS_USUAL = 30;
const DAY_MS = 86_400_000;
const AGENTS_MAX = 1000;

const Agents = Type.Object({
  agents: Type.Array(
    Type.Object({
      agent_id: Type.String({ description: "ElevenLabs' name for the agent." }),
      agent_name: Nullable(Type.String({ examples: ["Front desk"] }), "Its name in its last conversation."),
      calls: Type.Integer({ description: "Its conversations in that time.", examples: [40] }),
      last_call_at: Nullable(Type.Unsafe<string>(Time), "When the last of them began."),
    }),
    { description: `At most ${AGENTS_MAX}, those with the most conversations first.` },
  ),
});

const parameters = {
  since: timeParameter(
    `Only agents that spoke at this time or later; ${DAYS_USUAL} days ago unless told. The longer, the slower: a year of a million conversations takes about a second.`,
  ),
};

/** `GET /agents`: who spoke lately. */
export function agentRoutes({ queries, clock }: ApiParts) {
  return new Elysia({ name: "agents" }).get(
    "/agents",
    ...question(
      {
        summary: "List agents",
        tag: "conversations",
        parameters,
        model: Agents,
        says: "The agents.",
      },
      async (_, { since }) => {
        const sinceMs = since ?? clock.nowMs() - DAYS_USUAL * DAY_MS;
        const rows = await queries.ask("listAgents", { since: secondsOf(sinceMs) ?? 0, rowsMax: AGENTS_MAX });
        const answer: Static<typeof Agents> = {
          agents: rows.map((row) => ({
            agent_id: row.agentId,
            agent_name: row.agentName,
            calls: row.calls,
            last_call_at: optionalSecondsText(row.lastStartedAt),
          })),
        };
        return answer;
      },
    ),
  );
}
