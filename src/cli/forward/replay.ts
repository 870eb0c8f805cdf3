import type { DataConfig } from "../../config/data.ts";
import type { ForwardPlaces } from "../../forward/port.ts";
import { readStatus } from "../../forward/status.ts";
import type { DestinationStanding } from "../../forward/status.ts";
import { dataIdOf } from "../../model/lineage.ts";
import type { Parsed } from "../../platform/parsed.ts";
import { wholeNumber } from "../../platform/text.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { findDestination, grouped, whyNoData, withForwardState } from "./terms.ts";
import type { CommandState } from "./work.ts";

const EVENT_ID_MAX = 999_999_999_999_999;
const UNITS_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const ZONED_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/i;

/** Where a replay begins: behind an event, at a time, or with what is waiting. */
type From = { kind: "after"; eventId: number } | { kind: "since"; ms: number } | { kind: "here" };

/** Has a destination go on, or sent again what it was sent. The receiver takes it up while it runs, or when it starts. */
export async function replay(given: Given, context: CommandContext): Promise<number> {
  const from = readFrom(given, context.clock.nowMs());
  if (!from.ok) return refuse(context, from.problem, "usage");
  const found = findDestination(given, context);
  if (!found.ok) return refuse(context, found.problem, found.status);
  const { name } = found.destination;
  const { data } = found.settings;
  const problem = whyNoData(found.settings);
  if (problem !== null) return refuse(context, problem, "failure");
  const done = await replayOf(data, { name, from: from.value, nowMs: context.clock.nowMs() });
  if (!done.ok) return refuse(context, done.problem, "failure");
  context.writeOut(`${done.value}\n`);
  return exitStatus.ok;
}

function replayOf(
  data: DataConfig,
  { name, from, nowMs }: { name: string; from: From; nowMs: number },
): Promise<Parsed<string>> {
  return withForwardState(data, async (places, state) => {
    if (state === null)
      return {
        ok: false,
        problem: "Nothing was forwarded yet: start the receiver with FORWARD_CONFIG first",
      };
    if (from.kind !== "here") return begin(state, places, { name, from });
    return goOn(state, places, { name, nowMs });
  });
}

async function begin(
  state: CommandState,
  places: ForwardPlaces,
  { name, from }: { name: string; from: Exclude<From, { kind: "here" }> },
): Promise<Parsed<string>> {
  const lineage = await places.lineage();
  const wanted = from.kind === "after" ? from.eventId : await places.eventIdBefore(from.ms);
  const eventId = Math.min(wanted, lineage.lastEventId);
  await state.replayFrom(name, {
    dataId: dataIdOf(lineage),
    eventId,
    reprocessedCount: await places.reprocessedCount(),
  });
  const events = counted(await places.countAfter(eventId));
  return { ok: true, value: `${name} is sent what comes after event ${grouped(eventId)}: ${events} so far` };
}

async function goOn(
  state: CommandState,
  places: ForwardPlaces,
  { name, nowMs }: { name: string; nowMs: number },
): Promise<Parsed<string>> {
  const lineage = await places.lineage();
  const [found] = await readStatus(state, [{ name, host: "" }], lineage);
  const problem = found === undefined ? null : whyNotHere(found);
  if (problem !== null) return { ok: false, problem };
  const dead = counted(await state.reviveDead(name, nowMs));
  await state.resume(name);
  const id = grouped(found?.eventId ?? lineage.lastEventId);
  return { ok: true, value: `${name} goes on after event ${id}; sent again: ${dead} that had been given up` };
}

/** Why it can't go on at its own place. */
function whyNotHere({ name, state, stopped, commonEventId }: DestinationStanding): string | null {
  if (state === "new")
    return `${name} begins at the newest event once the receiver has taken up FORWARD_CONFIG`;
  const replayName = `forward replay ${name}`;
  if (stopped === "data_replaced")
    return `A restore has replaced the data: say where to begin, ${replayName} --after ${commonEventId ?? 0}, or --since 2d`;
  if (stopped === "ahead_of_data")
    return `An older copy of the database was put back: say where to begin, as in ${replayName} --since 2d`;
  return null;
}

function readFrom(given: Given, nowMs: number): Parsed<From> {
  const { since, after, fromStart } = given;
  if ([since, after, fromStart].filter((flag) => flag !== undefined).length > 1)
    return { ok: false, problem: "--since, --after and --from-start exclude each other: give one of them" };
  if (fromStart !== undefined) return { ok: true, value: { kind: "after", eventId: 0 } };
  if (after !== undefined) {
    const eventId = wholeNumber(after, { min: 0, max: EVENT_ID_MAX });
    if (eventId !== null) return { ok: true, value: { kind: "after", eventId } };
    return { ok: false, problem: `--after: "${after}" is not the id of an event` };
  }
  return since === undefined ? { ok: true, value: { kind: "here" } } : readSince(since, nowMs);
}

function readSince(text: string, nowMs: number): Parsed<From> {
  const [, number, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (number !== undefined && unitMs !== undefined)
    return { ok: true, value: { kind: "since", ms: nowMs - Number(number) * unitMs } };
  const ms = ZONED_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return { ok: true, value: { kind: "since", ms } };
  return {
    ok: false,
    problem: `--since: "${text}" is neither a time such as 2d, 36h or 90m ago, nor a date, nor 2026-11-21T08:00:00Z`,
  };
}

function counted(events: number): string {
  return `${grouped(events)} ${events === 1 ? "event" : "events"}`;
}
