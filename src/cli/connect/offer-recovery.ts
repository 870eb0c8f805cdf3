import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { valueOf } from "../../config/config.ts";
import { options } from "../../config/options.ts";
import { vendorApiKey } from "../../config/values.ts";
import { readSmall, replaceFile } from "../../connect/files.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { withSettings } from "../../service/environment-file.ts";
import { paths } from "../../service/paths.ts";
import { askHidden, readLine } from "../prompt.ts";
import type { Place } from "./place.ts";

const PRIVATE = 0o600;

const QUESTION = `
ElevenLabs sends recordings once. The service can fetch what it missed, by a second key with the permission convai_read
only, which is stored in ${paths.apiKey}. Set that up now? [y/N] `;

/**
 * Asks a person at the terminal whether the service may fetch what it missed, and sets it up. Only for a service that does
 * not do so yet.
 *
 * @returns why it could not be set up, or null
 */
export async function offerRecovery(place: Place, context: CommandContext): Promise<string | null> {
  const { machine, isTerminal, writeError, writeOut } = context;
  const inRoot = (path: string) => join(machine.root, path);
  if (place.reload !== "service" || !isTerminal.input || !takesKey(inRoot(paths.unit))) return null;
  if (valueOf(place.settings.recover, { kind: "off" }).kind !== "off") return null;
  writeError(QUESTION);
  if (!/^y(?:es)?$/i.test((await readLine(context)).trim())) return null;

  if (!existsSync(inRoot(paths.apiKey))) {
    const key = askForKey(context);
    if (!key.ok) return key.problem;
    await replaceFile(inRoot(paths.apiKey), `${key.value}\n`, PRIVATE);
  }
  const environment = (await readSmall(inRoot(paths.environment))) ?? "";
  const changed = withSettings(environment, new Map([[options.recover.name, "all"]]));
  await replaceFile(inRoot(paths.environment), changed, PRIVATE);
  const problem = await place.reloadNow();
  if (problem !== null) return `The receiver is not reloaded: ${problem}`;
  writeOut("  recover   on        what did not arrive is fetched; elevenlabs-webhook check judges the key\n");
  return null;
}

/** A unit of an earlier version gives the service no key. */
function takesKey(unit: string): boolean {
  return existsSync(unit) && readFileSync(unit, "utf8").includes(`=${options.vendorApiKey.name}:`);
}

function askForKey(context: CommandContext): Parsed<string> {
  const key = vendorApiKey(
    askHidden("API key with convai_read only (stored for the service):", context) ?? "",
    "",
  );
  if (!key.ok) return key;
  if (key.value !== null) return { ok: true, value: key.value };
  return { ok: false, problem: "No key was given: nothing is fetched" };
}
