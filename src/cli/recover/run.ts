import type { CommandContext } from "../../platform/process.ts";
import { readAnswer } from "../../recover/request.ts";
import type { RecoverAnswer, RecoverRequest } from "../../recover/request.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Given } from "../command.ts";
import { askControl } from "../control.ts";
import { createProgress } from "../terminal.ts";
import { recoverAlone } from "./alone.ts";
import { readRecoverInput } from "./input.ts";
import { findRecoverPlace } from "./place.ts";
import type { RecoverPlace } from "./place.ts";
import { dryRunText, reportJson, runText } from "./text.ts";

/** Nobody listens at the path. */
const NOBODY = new Set(["ENOENT", "ECONNREFUSED"]);

/** Runs the command: see recover.ts. */
export async function run(given: Given, context: CommandContext): Promise<number> {
  const input = readRecoverInput(given, context.clock.nowMs());
  if (!input.ok) return refuse(context, input.problem, "usage");
  const place = findRecoverPlace(context);
  if (!place.ok) return refuse(context, place.problem, "config");

  const progress = progressOn(context);
  const answer = await recovered(input.value, place.value, { context, tell: progress.tell });
  progress.clear();
  if (answer.kind !== "recovered") {
    const problem = answer.kind === "failed" ? answer.problem : RELOAD_FIRST;
    const isOfConfig = answer.kind === "failed" && answer.isOfConfig === true;
    return refuse(context, `Not recovered: ${problem}`, isOfConfig ? "config" : "failure");
  }
  const { report } = answer;
  if (given.json !== undefined) context.writeOut(reportJson(report));
  else context.writeOut(input.value.dryRun ? dryRunText(report, input.value) : runText(report));
  if (report.stopped !== null) return refuse(context, `Stopped: ${report.stopped}`, "failure");
  return report.failed.count === 0 ? exitStatus.ok : exitStatus.failure;
}

const RELOAD_FIRST = "the running version does not know this: reload first";

/** By the receiver if it runs, else by this process. */
async function recovered(
  request: RecoverRequest,
  { control, settings }: RecoverPlace,
  about: { context: CommandContext; tell: (message: object) => void },
): Promise<RecoverAnswer> {
  let hasBegun = false;
  const asked = await askControl(control, request, (message) => {
    const answer = readAnswer(message);
    if (answer?.kind !== "progress") return answer ?? { kind: "unknown" as const };
    hasBegun = true;
    about.tell(answer);
    return null;
  });
  switch (asked.kind) {
    case "answered":
      return asked.answer;
    case "silent":
      return hasBegun
        ? { kind: "failed", problem: "the receiver has ended: run it again" }
        : { kind: "unknown" };
    case "untrusted":
      return { kind: "failed", problem: asked.problem };
    case "unreachable":
      if (NOBODY.has(asked.code)) return recoverAlone(request, settings, about);
      return { kind: "failed", problem: `the receiver can't be reached at ${control} (${asked.code})` };
  }
}

/** A bar for a person: what is missing is known bit by bit. */
function progressOn(context: CommandContext) {
  let bar: ReturnType<typeof createProgress> | null = null;
  let shownTotal = 0;
  return {
    tell(message: object): void {
      const answer = readAnswer({ kind: "progress", ...message });
      if (answer?.kind !== "progress" || answer.total === 0) return;
      if (bar === null || shownTotal !== answer.total) bar = createProgress(answer.total, context);
      shownTotal = answer.total;
      bar.show(answer.done);
    },
    clear: () => bar?.clear(),
  };
}
