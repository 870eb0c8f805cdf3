import { signal } from "@preact/signals";
import { get } from "./api.ts";
import type { AnswerOf } from "./api.ts";

/** Who spoke lately, the one with the most calls first. */
export const agents = signal<AnswerOf<"/agents">["agents"]>([]);

const AGE_MS_MAX = 300_000;
let atMs = Number.NEGATIVE_INFINITY;

/** Asks for them, unless that was a short time ago. */
export function loadAgents(): void {
  if (Date.now() - atMs > AGE_MS_MAX) void load();
}

async function load(): Promise<void> {
  atMs = Date.now();
  const result = await get("/agents");
  if (result.ok) agents.value = result.value.agents;
  else atMs = Number.NEGATIVE_INFINITY;
}

export function agentName(id: string | null): string {
  if (id === null) return "No agent";
  return agents.value.find(({ agent_id: other }) => other === id)?.agent_name ?? id;
}
