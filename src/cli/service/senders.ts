import { options } from "../../config/options.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";

const ANSWER_CHARS_MAX = 64;

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

async function readLine({ input }: CommandContext): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of input) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes("\n") || text.length > ANSWER_CHARS_MAX) break;
  }
  return text.split("\n")[0] ?? "";
}
