import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import { options } from "./config-options.ts";
import type { Option, OptionKey } from "./config-options.ts";
import type { Parsed } from "./config-values.ts";
import { errorCode, hasCode } from "./platform/errors.ts";

const PREFIX = "ELEVENLABS_WEBHOOK_";
const SECRET_SHAPE = /^wsec_[0-9a-f]{64}$/;
// With three, _URL and _PATH of other programs would be slips of _PORT.
const TYPO_DISTANCE_MAX = 2;

type Values = { [K in OptionKey]: (typeof options)[K] extends Option<infer T> ? T : never };
type AnyOption = (typeof options)[OptionKey];

/** Everything that can be set, in the form the program uses. */
export type Config = Omit<Values, "audioFolder" | "storeAudio" | "unknownEventStatus"> & {
  /** null: recordings are not stored */
  audioFolder: string | null;
  unknownEventStatus: 200 | 400;
};

export type ConfigResult =
  | { kind: "valid"; config: Config; warnings: string[] }
  /** Every fault, each with what to do. */
  | { kind: "faulty"; problems: string[] };

/** Where settings come from. The first that has one wins: a flag, the environment, the working directory's `.env`. */
export type ConfigSources = {
  flags: Partial<Record<string, string>>;
  environment: Record<string, string | undefined>;
  /** The working directory. */
  folder: string;
  /** Returns a file's text. @throws where it can't be read */
  readText: (path: string) => string;
};

/** Reads the whole configuration, or finds every fault in it. */
export function loadConfig(sources: ConfigSources): ConfigResult {
  const variables = readVariables(sources);
  if ("problem" in variables) return { kind: "faulty", problems: [variables.problem] };
  const { problems, warnings } = judgeNames(variables.value);

  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    const text = findText(key, option, variables.value, sources);
    const parsed = "problem" in text ? text : option.parse(text.value, sources.folder);
    if ("problem" in parsed) problems.push(`${option.name}: ${parsed.problem}`);
    else values[key] = parsed.value;
  }
  if (problems.length > 0) return { kind: "faulty", problems };

  // The loop has read every option: what it put together is complete.
  const { audioFolder, storeAudio, unknownEventStatus, ...same } = values as Values;
  if (!same.secrets.every((secret) => SECRET_SHAPE.test(secret))) {
    warnings.push(
      `${options.secrets.name}: does not look like wsec_ and 64 hexadecimal digits; if signatures fail, copy it again`,
    );
  }
  const config: Config = {
    ...same,
    audioFolder: storeAudio ? audioFolder : null,
    unknownEventStatus: unknownEventStatus === "200" ? 200 : 400,
  };
  return { kind: "valid", config, warnings };
}

/** The variables of `.env` and of the environment, which wins. Empty ones count as not set. */
function readVariables({ environment, folder, readText }: ConfigSources): Parsed<Record<string, string>> {
  const path = join(folder, ".env");
  let file: Record<string, string | undefined> = {};
  try {
    file = parseEnv(readText(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT"))
      return { problem: `${path} can't be read (${String(error)}): mend or remove it` };
  }
  const variables: Record<string, string> = {};
  for (const [name, value] of [...Object.entries(file), ...Object.entries(environment)]) {
    if (value !== undefined && value.trim() !== "") variables[name] = value.trim();
  }
  return { value: variables };
}

/** Finds the text of one option, wherever it was given. */
function findText(
  key: string,
  option: AnyOption,
  variables: Record<string, string>,
  { flags, folder, readText }: ConfigSources,
): Parsed<string> {
  const given = flags[key] ?? variables[option.name];
  if (option.isSecret === true) {
    const file = variables[`${option.name}_FILE`];
    if (given !== undefined && file !== undefined) {
      return { problem: `it is set and so is ${option.name}_FILE: remove one of them` };
    }
    const credentials = variables.CREDENTIALS_DIRECTORY;
    const credential = credentials === undefined ? undefined : join(credentials, option.name);
    if (given === undefined && file !== undefined) return readSecret(resolve(folder, file), readText);
    if (given === undefined && credential !== undefined) {
      const secret = readSecret(credential, readText);
      if ("value" in secret) return secret;
    }
  }
  if (given !== undefined) return { value: given };

  const state = variables.STATE_DIRECTORY?.split(":")[0];
  if (option.stateName !== undefined && state !== undefined) return { value: join(state, option.stateName) };
  // Who names a folder for recordings wants them.
  if (
    option === options.storeAudio &&
    (flags.audioFolder ?? variables[options.audioFolder.name]) !== undefined
  ) {
    return { value: "true" };
  }
  if (option.default !== null) return { value: option.default };
  return { problem: `not set: set it, or ${option.name}_FILE to the path of a file that holds it` };
}

function readSecret(path: string, readText: (path: string) => string): Parsed<string> {
  try {
    return { value: readText(path) };
  } catch (error) {
    // Neither the path nor the message that quotes it: some put the secret itself where its file should be named.
    return {
      problem: `the file named for it can't be read (${errorCode(error)}): correct its name or its rights`,
    };
  }
}

/** Looks for names that were meant for us: a slip of the pen is a fault, any other unknown name a warning. */
function judgeNames(variables: Record<string, string>): { problems: string[]; warnings: string[] } {
  const known = Object.values(options).flatMap((option: AnyOption) =>
    option.isSecret === true ? [option.name, `${option.name}_FILE`] : [option.name],
  );
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(variables)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    const nearest = closest(name, known);
    if (distance(name, nearest) <= TYPO_DISTANCE_MAX) {
      problems.push(`${name}: there is no such setting, did you mean ${nearest}?`);
    } else {
      warnings.push(`${name}: there is no such setting, it is ignored`);
    }
  }
  return { problems, warnings };
}
