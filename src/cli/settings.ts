import { readFileSync } from "node:fs";
import { readSettings } from "../config/config.ts";
import type { Settings } from "../config/config.ts";
import type { ConfigSources } from "../config/sources.ts";
import { options, flagOf } from "../config/options.ts";
import type { Parsed } from "../platform/parsed.ts";
import { wholeNumber } from "../platform/text.ts";
import type { Given, CommandFlag } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import type { Option } from "../config/option.ts";

/** Where the program's settings come from, for a command that was given these flags. */
export function settingSources(
  context: Pick<CommandContext, "environment" | "folder" | "clock">,
  flags: Given = {},
): ConfigSources {
  const { environment, folder, clock } = context;
  return { flags, environment, folder, readText: (path) => readFileSync(path, "utf8"), nowMs: clock.nowMs() };
}

/** Every setting, each valid or not by itself: a command complains only of those that it needs. */
export function findSettings(context: CommandContext): Parsed<Settings> {
  const read = readSettings(settingSources(context));
  return read.ok ? { ok: true, value: read.value.settings } : read;
}

/** The secrets that `--secret` names, exactly as given: a stray space may be what is wrong. */
export function givenSecrets(text: string): Parsed<string[]> {
  const secrets = text.split(",").filter((secret) => secret.trim() !== "");
  return secrets.length === 0 ? { ok: false, problem: "--secret is empty" } : { ok: true, value: secrets };
}

/** The secrets that are configured, else what to do about it. */
export function configuredSecrets(settings: Settings): Parsed<readonly string[]> {
  const { parsed } = settings.secrets;
  if (parsed.ok) return parsed;
  return {
    ok: false,
    problem: `No secret: give it with --secret, or set ${options.secrets.name} (${parsed.problem})`,
  };
}

/** The whole number of a flag, or another one if it is not given. */
export function givenNumber(
  given: Given,
  key: string,
  { otherwise, min, max }: { otherwise: number; min: number; max: number },
): Parsed<number> {
  const text = given[key];
  if (text === undefined) return { ok: true, value: otherwise };
  const value = wholeNumber(text, { min, max });
  if (value !== null) return { ok: true, value };
  return { ok: false, problem: `--${key}: "${text}" is not a whole number from ${min} to ${max}` };
}

const entries = Object.entries<Option<unknown>>(options);

/** A flag for each setting that may have one. */
export const optionFlags: CommandFlag[] = flagsFor(entries.filter(([, { hasNoFlag }]) => hasNoFlag !== true));

/** For the service: without secrets, which everybody on a machine can read from a command line. */
export const plainOptionFlags: CommandFlag[] = flagsFor(
  entries.filter(([, { isSecret, isOfShared }]) => isSecret !== true && isOfShared !== true),
);

function flagsFor(chosen: typeof entries): CommandFlag[] {
  return chosen.map(([key, option]) => ({
    key,
    flag: `${flagOf(option)} <value>`,
    description: `instead of ${option.name}`,
  }));
}
