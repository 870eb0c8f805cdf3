import { options } from "../../config/options.ts";
import { vendorApiKey } from "../../config/values.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { askHidden, readPiped } from "../prompt.ts";

/** Of the environment of this one command. The service's own key may read conversations, and no more. */
const VARIABLE = options.vendorApiKey.name;

/** The key that may manage webhooks: from the environment, a pipe, or a prompt. It is stored nowhere. */
export async function readKey(context: CommandContext): Promise<Parsed<string>> {
  const found = await findKey(context);
  if (!found.ok) return found;
  const key = vendorApiKey(found.value, "");
  if (!key.ok) return key;
  if (key.value !== null) return { ok: true, value: key.value };
  return { ok: false, problem: `No API key: set ${VARIABLE} for this command, or pipe the key in` };
}

async function findKey(context: CommandContext): Promise<Parsed<string>> {
  const given = context.environment[VARIABLE]?.trim() ?? "";
  if (given !== "") return { ok: true, value: given };
  if (!context.isTerminal.input) return readPiped(context, "the API key");
  const asked = askHidden("API key of an ElevenLabs workspace admin (used now, stored nowhere):", context);
  return { ok: true, value: asked ?? "" };
}
