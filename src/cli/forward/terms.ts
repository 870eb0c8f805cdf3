import { existsSync } from "node:fs";
import { readSettings } from "../../config/config.ts";
import { options } from "../../config/options.ts";
import { readForwardConfig } from "../../forward/config.ts";
import type { Destination } from "../../forward/destination.ts";
import type { ForwardPlaces, ForwardState } from "../../forward/port.ts";
import { stateOf } from "../../forward/sqlite/data.ts";
import { forwardPath, hasForwardFile, openForwardFile } from "../../forward/sqlite/file.ts";
import { openPlaces } from "../../forward/sqlite/places.ts";
import { onFile, onFileNow } from "../../platform/faults.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { optionFlags, settingSources } from "../settings.ts";

/** The settings that say where data and destinations are. */
const OWN_KEYS = ["databasePath", "forwardConfig"] as const;

export const ownFlags = optionFlags.filter(({ key }) => OWN_KEYS.some((known) => known === key));

/** What the commands work on. */
export type ForwardSettings = { databasePath: string; destinations: readonly Destination[] };

/** The database and the destinations, by the same settings as the receiver's own. */
export function findForwardSettings(given: Given, context: CommandContext): Parsed<ForwardSettings> {
  const read = readSettings(settingSources(context, given));
  if (!read.ok) return read;
  const { databasePath, forwardConfig } = read.value.settings;
  if (!databasePath.parsed.ok)
    return { ok: false, problem: `${options.databasePath.name}: ${databasePath.parsed.problem}` };
  if (!forwardConfig.parsed.ok)
    return { ok: false, problem: `${options.forwardConfig.name}: ${forwardConfig.parsed.problem}` };
  const destinations = readForwardConfig(forwardConfig.parsed.value);
  if (!destinations.ok) return { ok: false, problem: destinations.problem.join("\n") };
  return {
    ok: true,
    value: { databasePath: databasePath.parsed.value, destinations: destinations.value },
  };
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

/** What the commands read and set. */
export type CommandState = Omit<ForwardState, "forgetGone">;

/**
 * Works on the database, which is only read, and on the file of what is forwarded, which is null if there is none.
 *
 * @throws FileFault, ForwardFileError
 */
export async function withForwardFiles<T>(
  databasePath: string,
  work: (places: ForwardPlaces, state: CommandState | null) => Promise<T>,
): Promise<T> {
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

/** Why there is nothing to be forwarded; null if there is a database. */
export function whyNoData({ databasePath }: ForwardSettings): string | null {
  if (existsSync(databasePath)) return null;
  return `${databasePath} is not there: name the receiver's database with ${options.databasePath.name}`;
}

/** A number for people, such as 18,204. */
export function grouped(n: number): string {
  return n.toLocaleString("en");
}
