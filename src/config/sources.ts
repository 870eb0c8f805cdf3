import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { flagOf, options } from "./options.ts";
import type { OptionKey } from "./options.ts";
import type { Parsed } from "../platform/parsed.ts";
import { errorCode, hasCode } from "../platform/errors.ts";

/** Where settings come from. The first that has one wins: a flag, the environment, the working directory's `.env`. */
export type ConfigSources = {
  flags: Partial<Record<string, string>>;
  environment: Record<string, string | undefined>;
  /** The working directory. */
  folder: string;
  /** Returns a file's text. @throws if it can't be read */
  readText: (path: string) => string;
  /** The time in Unix ms: a certificate is good for a while only. */
  nowMs: number;
};

const DEFAULT = "default";
const STATE_FOLDER = "$STATE_DIRECTORY";

/** Where the text of one setting was found, in words for people: `environment`, `flag --port`, `default`. */
export type Origin = string;

/** One setting: what was read, and where it was found. */
export type Setting<T> = { origin: Origin; parsed: Parsed<T> };

/** Whether somebody has set it. */
export function isGiven({ origin }: Pick<Setting<unknown>, "origin">): boolean {
  return origin !== DEFAULT && origin !== STATE_FOLDER;
}

/** The text of one setting, or why there is none. */
type FoundText = Parsed<string> & { origin: Origin };

type Variable = { text: string; origin: Origin };

export type Variables = Partial<Record<string, Variable>>;

/** The variables of `.env` and of the environment, which wins. Empty ones count as not set. */
export function readVariables({ environment, folder, readText }: ConfigSources): Parsed<Variables> {
  const path = join(folder, ".env");
  let file: Record<string, string | undefined> = {};
  try {
    file = parseEnv(readText(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT"))
      return { ok: false, problem: `${path} can't be read (${String(error)}): fix or remove it` };
  }
  const variables: Variables = {};
  for (const [origin, values] of [
    [".env", file],
    ["environment", environment],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      if (value !== undefined && value.trim() !== "") variables[name] = { text: value.trim(), origin };
    }
  }
  return { ok: true, value: variables };
}

/** Finds the text of one option, from whichever source gives it. */
export function findText(key: OptionKey, variables: Variables, sources: ConfigSources): FoundText {
  const option = options[key];
  const flag = sources.flags[key];
  const variable = variables[option.name];
  if (option.isSecret === true || option.hasFile === true) {
    const secret = findSecretFile(option.name, flag ?? variable?.text, variables, sources);
    if (secret !== null) return secret;
  }
  if (flag !== undefined) return { ok: true, value: flag, origin: `flag ${flagOf(option)}` };
  if (variable !== undefined) return { ok: true, value: variable.text, origin: variable.origin };

  if (option.isPrivateFile === true) {
    const credential = findCredential(option.name, variables, sources);
    if (credential !== null) return credential;
  }
  const state = variables.STATE_DIRECTORY?.text.split(":")[0];
  if (option.stateName !== undefined && state !== undefined) {
    return { ok: true, value: join(state, option.stateName), origin: STATE_FOLDER };
  }
  if (option.default !== null) return { ok: true, value: option.default, origin: DEFAULT };
  return {
    ok: false,
    problem: `not set: set it, or ${option.name}_FILE to the path of a file that holds it`,
    origin: DEFAULT,
  };
}

/** A secret from the file that NAME_FILE names, or from a systemd credential; null if there is none. */
function findSecretFile(
  name: string,
  given: string | undefined,
  variables: Variables,
  { folder, readText }: ConfigSources,
): FoundText | null {
  const file = variables[`${name}_FILE`];
  if (given !== undefined && file !== undefined) {
    return { ok: false, problem: `it is set and so is ${name}_FILE: remove one of them`, origin: "file" };
  }
  if (given !== undefined) return null;
  if (file !== undefined) {
    const path = resolve(folder, file.text);
    const secret = readSecret(path, readText);
    return { ...secret, origin: secret.ok ? `file ${path}` : `${name}_FILE` };
  }
  const credentials = variables.CREDENTIALS_DIRECTORY;
  if (credentials === undefined) return null;
  const secret = readSecret(join(credentials.text, name), readText);
  return secret.ok ? { ...secret, origin: "credential" } : null;
}

/** The path of a systemd credential; null if there is none. */
function findCredential(name: string, variables: Variables, { readText }: ConfigSources): FoundText | null {
  const credentials = variables.CREDENTIALS_DIRECTORY;
  if (credentials === undefined) return null;
  const path = join(credentials.text, name);
  return readSecret(path, readText).ok ? { ok: true, value: path, origin: "credential" } : null;
}

function readSecret(path: string, readText: (path: string) => string): Parsed<string> {
  try {
    return { ok: true, value: readText(path) };
  } catch (error) {
    // Neither the path nor the message that quotes it: some put the secret itself in place of its file's name.
    return {
      ok: false,
      problem: `the file named for it can't be read (${errorCode(error)}): correct its name or its rights`,
    };
  }
}
