import { existsSync } from "node:fs";
import { readSettings } from "../../config/config.ts";
import type { DataConfig, EmbeddedData } from "../../config/data.ts";
import { readData, textOf } from "../../config/read-data.ts";
import { options } from "../../config/options.ts";
import { readForwardConfig } from "../../forward/config.ts";
import type { Destination } from "../../forward/destination.ts";
import { stateOf } from "../../forward/sqlite/data.ts";
import { forwardPath, hasForwardFile, openForwardFile } from "../../forward/sqlite/file.ts";
import { openPlaces } from "../../forward/sqlite/places.ts";
import { onFile, onFileNow } from "../../platform/faults.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { optionFlags, settingSources } from "../settings.ts";
import type { ForwardWork } from "./work.ts";

/** The settings that say where data and destinations are. */
const OWN_KEYS = ["databasePath", "forwardConfig"] as const;

export const ownFlags = optionFlags.filter(({ key }) => OWN_KEYS.some((known) => known === key));

/** What the commands work on. */
export type ForwardSettings = { data: DataConfig; destinations: readonly Destination[] };

/** The data and the destinations, by the same settings as the receiver's own. */
export function findForwardSettings(given: Given, context: CommandContext): Parsed<ForwardSettings> {
  const read = readSettings(settingSources(context, given));
  if (!read.ok) return read;
  const { settings } = read.value;
  const { forwardConfig } = settings;
  const data = readData(settings);
  if (!data.ok) return { ok: false, problem: data.problem.map(textOf).join("\n") };
  if (!forwardConfig.parsed.ok)
    return { ok: false, problem: `${options.forwardConfig.name}: ${forwardConfig.parsed.problem}` };
  const destinations = readForwardConfig(forwardConfig.parsed.value);
  if (!destinations.ok) return { ok: false, problem: destinations.problem.join("\n") };
  return { ok: true, value: { data: data.value, destinations: destinations.value } };
}

type NamedDestination =
  | { ok: true; destination: Destination; settings: ForwardSettings }
  | { ok: false; problem: string; status: "usage" | "config" | "failure" };

/** The destination that a command names. */
export function findDestination(given: Given, context: CommandContext): NamedDestination {
  const { action = "", name } = given;
  if (name === undefined)
    return { ok: false, problem: `name a destination: forward ${action} NAME`, status: "usage" };
  const settings = findForwardSettings(given, context);
  if (!settings.ok) return { ok: false, problem: settings.problem, status: "config" };
  const { destinations } = settings.value;
  const destination = destinations.find((one) => one.name === name);
  if (destination !== undefined) return { ok: true, destination, settings: settings.value };
  const known =
    destinations.length === 0 ? "are none" : `is ${destinations.map((one) => one.name).join(", ")}`;
  return { ok: false, problem: `${name}: there is no such destination; there ${known}`, status: "failure" };
}

/** Works on what is forwarded. @throws FileFault, ForwardFileError, RemoteFault */
export async function withForwardState<T>(data: DataConfig, work: ForwardWork<T>): Promise<T> {
  if (data.kind === "embedded") return withForwardFiles(data, work);
  const { withSharedState } = await import("./shared.ts");
  return withSharedState(data, work);
}

async function withForwardFiles<T>({ databasePath }: EmbeddedData, work: ForwardWork<T>): Promise<T> {
  const places = onFileNow(databasePath, () => openPlaces(databasePath));
  try {
    // Whatever is wrong with the database shows here.
    onFileNow(databasePath, places.lineage);
    if (!hasForwardFile(databasePath)) return await work(places, null);
    return await onFile(forwardPath(databasePath), async () => {
      const sqlite = openForwardFile(databasePath);
      try {
        return await work(places, stateOf(sqlite, databasePath));
      } finally {
        sqlite.close();
      }
    });
  } finally {
    places.close();
  }
}

/** Why there is nothing to be forwarded; null if there may be something. */
export function whyNoData({ data }: ForwardSettings): string | null {
  if (data.kind === "shared" || existsSync(data.databasePath)) return null;
  return `${data.databasePath} is not there: name the receiver's database with ${options.databasePath.name}`;
}

/** A number for people, such as 18,204. */
export function grouped(n: number): string {
  return n.toLocaleString("en");
}
