import { readFileSync } from "node:fs";
import { readSettings } from "../config/config.ts";
import type { Settings } from "../config/config.ts";
import type { ConfigSources } from "../config/sources.ts";
import { options } from "../config/options.ts";
import type { Parsed } from "../config/values.ts";
import type { Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";

/** Where the program's settings come from, for a command that was given these flags. */
export function settingSources(context: CommandContext, flags: Given = {}): ConfigSources {
  const { environment, folder, clock } = context;
  return { flags, environment, folder, readText: (path) => readFileSync(path, "utf8"), nowMs: clock.nowMs() };
}

/** Every setting, each sound or not by itself: a command complains only of those that it needs. */
export function findSettings(context: CommandContext): Parsed<Settings> {
  const read = readSettings(settingSources(context));
  return "problem" in read ? read : { value: read.value.settings };
}

/** The secrets that `--secret` names, exactly as given: a stray space is what may have to be found. */
export function givenSecrets(text: string): Parsed<string[]> {
  const secrets = text.split(",").filter((secret) => secret.trim() !== "");
  return secrets.length === 0 ? { problem: "--secret is empty" } : { value: secrets };
}

/** The secrets that are configured, else what to do about it. */
export function configuredSecrets(settings: Settings): Parsed<readonly string[]> {
  const { parsed } = settings.secrets;
  if ("value" in parsed) return parsed;
  return { problem: `No secret: give it with --secret, or set ${options.secrets.name} (${parsed.problem})` };
}

/** A whole number from text, where one was given. */
export function wholeNumber(
  given: Given,
  key: string,
  { otherwise, min, max }: { otherwise: number; min: number; max: number },
): Parsed<number> {
  const text = given[key];
  if (text === undefined) return { value: otherwise };
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return { value };
  return { problem: `--${key}: "${text}" is not a whole number from ${min} to ${max}` };
}
