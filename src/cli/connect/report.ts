import type { CommandContext } from "../../platform/process.ts";
import { requestsOf } from "../../connect/steps.ts";
import type { Line, ConnectPlan, Verb } from "../../connect/steps.ts";
import { createPaint } from "../terminal.ts";

/** What was planned, once it is done. */
const past: Partial<Record<Verb, string>> = {
  create: "created",
  write: "wrote",
  reload: "reloaded",
  change: "changed",
  delete: "deleted",
  enable: "enabled",
  keep: "kept",
};
const SUBJECT_CHARS = 10;
const VERB_CHARS = 10;

/** One line of a plan, or of what was done for it. */
export function lineText(line: Line, when: "planned" | "done", context: CommandContext): string {
  const paint = createPaint(context);
  const verb = when === "done" ? (past[line.verb] ?? line.verb) : line.verb;
  const colour = line.isProblem === true ? paint.bad : paint.good;
  return `  ${line.subject.padEnd(SUBJECT_CHARS)}${colour(verb.padEnd(VERB_CHARS))}${line.text}\n`;
}

/** One line of the status. */
export function statusText(line: Line, context: CommandContext): string {
  const paint = createPaint(context);
  return `  ${line.subject.padEnd(SUBJECT_CHARS)}${line.isProblem === true ? paint.bad(line.text) : line.text}\n`;
}

/** A plan that is not carried out: its lines and its requests. */
export function dryText(plan: Extract<ConnectPlan, { kind: "plan" }>, context: CommandContext): string {
  const lines = plan.steps.map(({ line }) => lineText(line, "planned", context));
  const requests = plan.steps.flatMap(({ action }) => requestsOf(action));
  const shown =
    requests.length === 0 ? "" : `It would send:\n${requests.map((one) => `  ${one}\n`).join("")}`;
  return `${lines.join("")}${shown}Nothing was changed.\n`;
}
