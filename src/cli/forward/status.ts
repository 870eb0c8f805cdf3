import { readStatus } from "../../forward/status.ts";
import type { DestinationStanding } from "../../forward/status.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { createPaint } from "../terminal.ts";
import type { Paint } from "../terminal.ts";
import { findForwardSettings, grouped, whyNoData, withForwardState } from "./terms.ts";

const PROGRAM = "elevenlabs-webhook";

/** Prints how far each destination has been sent the events. */
export async function status(given: Given, context: CommandContext): Promise<number> {
  const settings = findForwardSettings(given, context);
  if (!settings.ok) return refuse(context, settings.problem, "config");
  const problem = whyNoData(settings.value);
  if (problem !== null) return refuse(context, problem, "failure");
  const { data, destinations } = settings.value;
  const found = await withForwardState(data, async (places, state) =>
    readStatus(state, destinations, await places.lineage()),
  );
  context.writeOut(
    given.json === undefined ? forPeople(found, createPaint(context)) : `${JSON.stringify(found)}\n`,
  );
  return found.some(({ state, dead }) => state === "stopped" || dead > 0)
    ? exitStatus.failure
    : exitStatus.ok;
}

function forPeople(found: readonly DestinationStanding[], paint: Paint): string {
  if (found.length === 0) return "No destinations: FORWARD_CONFIG names none\n";
  const nameWidth = Math.max(...found.map(({ name }) => name.length));
  const stateWidth = Math.max(...found.map(({ state }) => state.length));
  const paints = {
    ok: paint.good,
    new: paint.faint,
    removed: paint.faint,
    failing: paint.warning,
    stopped: paint.bad,
  };
  const indent = " ".repeat(nameWidth + 2 + stateWidth + 2);
  return found
    .map((one) => {
      const line = `${one.name.padEnd(nameWidth)}  ${paints[one.state](one.state.padEnd(stateWidth))}  ${progressText(one)}\n`;
      const notes = notesOf(one).map((note) => `${indent}${note}\n`);
      const remedy = remedyOf(one);
      return [line, ...notes, remedy === null ? "" : `${indent}${paint.strong("do:")} ${remedy}\n`].join("");
    })
    .join("");
}

function progressText({ state, eventId, lastEventId, waiting, dead }: DestinationStanding): string {
  if (state === "new") return "begins at the newest event once the receiver has taken up FORWARD_CONFIG";
  return `at event ${grouped(eventId)} of ${grouped(lastEventId)}, ${grouped(waiting)} waiting to be repeated, ${grouped(dead)} dead`;
}

function notesOf({ state, stopped, failingSinceMs, succeededAtMs }: DestinationStanding): string[] {
  const last = succeededAtMs === null ? "never" : timeText(succeededAtMs);
  if (state === "failing" && failingSinceMs !== null)
    return [`it has taken nothing since ${timeText(failingSinceMs)}; the last success was ${last}`];
  if (state === "removed") return ["it is not in FORWARD_CONFIG; its place is kept for 30 days"];
  return stopped === null ? [] : [stopTexts[stopped]];
}

const stopTexts = {
  gone: "it answered 410: it wants nothing more",
  failing: "it has taken nothing for five days",
  data_replaced: "a restore has replaced the data, and ids were given again",
  ahead_of_data: "an older copy of the database was put back: no event has had that id yet",
} as const;

function remedyOf({ name, stopped, dead, commonEventId }: DestinationStanding): string | null {
  const replay = `${PROGRAM} forward replay ${name}`;
  if (stopped === "data_replaced" && commonEventId !== null)
    return `${replay} --after ${commonEventId}, or --since 2d: what was sent before is known up to event ${grouped(commonEventId)}`;
  if (stopped === "ahead_of_data") return `${replay} --since 2d, or from when the copy was made`;
  if (stopped !== null) return `once it takes events again: ${replay}`;
  return dead > 0 ? `to send the dead ones again: ${replay}` : null;
}

function timeText(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, "Z");
}
