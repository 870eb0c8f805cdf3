import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { webhookAddress } from "../../connect/address.ts";
import { newPlaceholder } from "../../config/config.ts";
import { options } from "../../config/options.ts";
import type { Option } from "../../config/option.ts";
import type { Parsed } from "../../platform/parsed.ts";
import { errorCode } from "../../platform/errors.ts";
import { isCredential } from "../../service/environment-file.ts";
import type { ApiToken } from "../../service/plan.ts";
import type { UnitOptions } from "../../service/unit.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { findFile } from "../input.ts";
import { askHidden, readLine, readPiped } from "../prompt.ts";

const SECRET_BYTES_MAX = 64 * 1024;
const TOKEN_BYTES = 32;
/** Stands for the secret in a dry run, which needs none. */
const STANDS_FOR_SECRET = `wsec_${"0".repeat(64)}`;
/** Characters with a meaning of their own in a unit. */
const UNUSABLE_IN_UNIT = /[\s%:,"'\\]/;

/** The settings of the environment file among the flags, by the names of their variables. */
export function settingsOf(given: Given): ReadonlyMap<string, string> {
  return new Map(
    Object.entries<Option<unknown>>(options).flatMap(([key, option]) => {
      const text = given[key];
      return text === undefined || isCredential(option) ? [] : [[option.name, text] as const];
    }),
  );
}

/** What `--connect` says of this receiver's address. */
export function publicUrlOf({ connect }: Given): ReadonlyMap<string, string> {
  const address = connect === undefined ? null : webhookAddress(connect);
  if (address === null || !address.ok) return new Map();
  return new Map([[options.publicUrl.name, new URL(".", address.value).href.replace(/\/$/, "")]]);
}

/** Certificate and key, or neither. */
export function tlsFilesOf(given: Given, context: CommandContext): Parsed<UnitOptions["tls"]> {
  const { tlsCertFile, tlsKeyFile } = given;
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return { ok: true, value: null };
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    return { ok: false, problem: "--tls-cert-file and --tls-key-file belong together: give both" };
  }
  const certFile = resolve(context.folder, tlsCertFile);
  const keyFile = resolve(context.folder, tlsKeyFile);
  for (const path of [certFile, keyFile]) {
    if (UNUSABLE_IN_UNIT.test(path)) {
      return {
        ok: false,
        problem: `${path}: a unit can't name a file with spaces, quotes, commas, %, : or backslashes`,
      };
    }
  }
  return { ok: true, value: { certFile, keyFile } };
}

/** The secret that is to be used from now on; null if the installed one stays. */
export async function readSecret(
  given: Given,
  hasSecret: boolean,
  context: CommandContext,
): Promise<Parsed<string | null>> {
  const { secretFile } = given;
  if (secretFile === undefined && hasSecret) return { ok: true, value: null };
  if (secretFile !== undefined && secretFile !== "-") return readText(secretFile, context);
  if (secretFile === undefined && given.connect !== undefined) return { ok: true, value: newPlaceholder() };
  if (secretFile === undefined && given.dryRun !== undefined) return { ok: true, value: STANDS_FOR_SECRET };
  return context.isTerminal.input ? askForSecret(context) : readPipedSecret(context);
}

/** The token of the API from now on; null if it stays as it is, on or off. */
export function readApiToken(
  given: Given,
  hasToken: boolean,
  context: CommandContext,
): Parsed<ApiToken | null> {
  const { apiTokenFile, makeApiToken } = given;
  if (apiTokenFile !== undefined && makeApiToken !== undefined) {
    return {
      ok: false,
      problem: "--api-token-file and --make-api-token exclude each other: give one of them",
    };
  }
  if (apiTokenFile !== undefined) {
    const file = readText(apiTokenFile, context);
    return file.ok ? { ok: true, value: { text: file.value, isMade: false } } : file;
  }
  // To install again is to upgrade: what others use already stays.
  if (makeApiToken === undefined || hasToken) return { ok: true, value: null };
  return { ok: true, value: { text: randomBytes(TOKEN_BYTES).toString("hex"), isMade: true } };
}

/** The service's own key of ElevenLabs' API from now on; null if it stays as it is. */
export function readApiKey({ apiKeyFile }: Given, context: CommandContext): Parsed<string | null> {
  return apiKeyFile === undefined ? { ok: true, value: null } : readText(apiKeyFile, context);
}

function readText(name: string, context: CommandContext): Parsed<string> {
  const file = findFile(name, context);
  if (!file.ok) return file;
  if (file.value.byteCount > SECRET_BYTES_MAX) return { ok: false, problem: `${name} is larger than 64 KiB` };
  try {
    return { ok: true, value: readFileSync(file.value.path, "utf8") };
  } catch (error) {
    return { ok: false, problem: `${name} can't be read (${errorCode(error)})` };
  }
}

async function readPipedSecret(context: CommandContext): Promise<Parsed<string>> {
  const piped = await readPiped(context, "the secret");
  if (!piped.ok || piped.value.trim() !== "") return piped;
  return {
    ok: false,
    problem: "No secret: name a file that holds it with --secret-file, or pipe it in. Nothing was changed",
  };
}

function askForSecret(context: CommandContext): Parsed<string> {
  const value = askHidden("Secret of the ElevenLabs webhook (wsec_...):", context);
  if (value !== null) return { ok: true, value };
  return { ok: false, problem: "No secret was given: name a file that holds it with --secret-file" };
}

/** Programs of this machine may deliver too, such as "send". */
const ELEVENLABS = "elevenlabs,127.0.0.1";

const question = `Who may deliver?
  1  only ElevenLabs, straight to this machine
  2  only ElevenLabs, through a proxy on this machine such as nginx or Caddy
  3  everybody: strangers can't have anything stored, but they can take up connections and time
Number (3 if empty): `;

const choices: Record<string, ReadonlyMap<string, string>> = {
  "1": new Map([[options.allowedSources.name, ELEVENLABS]]),
  "2": new Map([
    [options.allowedSources.name, ELEVENLABS],
    [options.trustedProxies.name, "127.0.0.1"],
  ]),
  "3": new Map(),
  "": new Map(),
};

/** Asks who may deliver, if this is the first install and a person is there to answer; returns the settings for it. */
export async function askForSenders(
  given: Given,
  isFirst: boolean,
  context: CommandContext,
): Promise<Parsed<ReadonlyMap<string, string>>> {
  const { allowedSources, trustedProxies, dryRun } = given;
  const isGiven = allowedSources !== undefined || trustedProxies !== undefined;
  if (!isFirst || isGiven || dryRun !== undefined || !context.isTerminal.input)
    return { ok: true, value: new Map() };
  context.writeError(question);
  const answer = await readLine(context);
  const value = choices[answer.trim()];
  if (value === undefined) return { ok: false, problem: "The answer is 1, 2 or 3. Nothing was changed" };
  return { ok: true, value };
}
