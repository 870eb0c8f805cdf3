import { signatureHeader } from "../sender/deliver.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { readInput } from "./input.ts";
import { configuredSecrets, findSettings, givenSecrets, givenNumber } from "./settings.ts";

const SECONDS_MAX = 999_999_999_999;

/** Prints the header that ElevenLabs would send with a body. */
export const sign: Command = {
  name: "sign",
  summary: "print the signature header for a body",
  examples: [
    { line: "sign body.json", does: "prints t=…,v0=…" },
    { line: "sign --time 1793620800 body.json", does: "with that time" },
    {
      line: 'sign body.json | xargs -I{} curl -H "ElevenLabs-Signature: {}" --data-binary @body.json URL',
      does: "with curl",
    },
  ],
  arguments: [
    { argument: "[bodyfile]", key: "body", description: "the raw body; standard input without it" },
  ],
  flags: [
    { key: "secret", flag: "--secret <value>", description: "instead of ELEVENLABS_WEBHOOK_SECRET" },
    { key: "time", flag: "--time <seconds>", description: "unix time of the signature (default: now)" },
    { key: "json", flag: "--json", description: "print JSON" },
  ],
  notes: `Signs the bytes as they are with the first secret. Exit status: 0, 64 wrong usage, 78 no secret.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const nowSeconds = Math.floor(context.clock.nowMs() / 1000);
  const time = givenNumber(given, "time", { otherwise: nowSeconds, min: 0, max: SECONDS_MAX });
  if (!time.ok) return refuse(context, time.problem, "usage");
  const settings = findSettings(context);
  if (!settings.ok) return refuse(context, settings.problem, "config");
  const secrets = given.secret === undefined ? configuredSecrets(settings.value) : givenSecrets(given.secret);
  if (!secrets.ok) return refuse(context, secrets.problem, "config");
  const body = await readInput(given.body, context);
  if (!body.ok) return refuse(context, body.problem, "usage");

  const [secret = ""] = secrets.value;
  const header = signatureHeader(secret, time.value, body.value);
  context.writeOut(`${given.json === undefined ? header : JSON.stringify({ header })}\n`);
  return exitStatus.ok;
}
