import { valueOf } from "../config/config.ts";
import type { Parsed } from "../platform/parsed.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { explain } from "../diagnose/explain.ts";
import type { Diagnosis } from "../diagnose/finding.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { readInput } from "./input.ts";
import { createPaint, indented } from "./terminal.ts";
import { configuredSecrets, findSettings, givenSecrets } from "./settings.ts";

/** Says whether a signature holds, and if not, why. */
export const verify: Command = {
  name: "verify",
  summary: "check a signature, and explain why it is not valid",
  examples: [
    { line: "verify --header 't=1793620800,v0=f248…' body.json", does: "with the configured secrets" },
    { line: 'verify --header "$SIGNATURE" --secret wsec_… < body.json', does: "from standard input" },
    { line: 'verify --header "$SIGNATURE" --now 1793620805 old.json', does: "as if received at that time" },
  ],
  arguments: [
    { argument: "[bodyfile]", key: "body", description: "the raw body; standard input without it" },
  ],
  flags: [
    { key: "header", flag: "--header <value>", description: "the value of the ElevenLabs-Signature header" },
    { key: "secret", flag: "--secret <value>", description: "instead of ELEVENLABS_WEBHOOK_SECRET" },
    {
      key: "now",
      flag: "--now <time>",
      description: "time of receipt, unix seconds or 2026-11-02T12:00:05Z",
    },
    { key: "json", flag: "--json", description: "print JSON" },
  ],
  notes: `It tries the usual causes and names the one that makes the same hash: a damaged secret, a body that was
parsed and written again, line ends, encodings, a hash over the body alone, another service's header, the clock.
Exit status: 0 valid, 1 not valid, 64 wrong usage, 78 no secret.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const { header } = given;
  if (header === undefined) {
    return refuse(context, "--header is missing: give what the ElevenLabs-Signature header held", "usage");
  }
  const now = nowSeconds(given, context);
  if (!now.ok) return refuse(context, now.problem, "usage");
  const settings = findSettings(context);
  if (!settings.ok) return refuse(context, settings.problem, "config");
  const configured = configuredSecrets(settings.value);
  const accepted = given.secret === undefined ? configured : givenSecrets(given.secret);
  if (!accepted.ok) return refuse(context, accepted.problem, "config");
  const body = await readInput(given.body, context);
  if (!body.ok) return refuse(context, body.problem, "usage");

  const diagnosis = diagnose({
    header,
    body: body.value,
    secrets: accepted.value,
    otherSecrets: given.secret !== undefined && configured.ok ? configured.value : [],
    nowSeconds: now.value,
    toleranceSeconds: valueOf(settings.value.toleranceSeconds, 1800),
  });
  context.writeOut(given.json === undefined ? forPeople(diagnosis, context) : forMachines(diagnosis));
  return diagnosis.isValid ? exitStatus.ok : exitStatus.failure;
}

function nowSeconds({ now }: Given, { clock }: CommandContext): Parsed<number> {
  if (now === undefined) return { ok: true, value: Math.floor(clock.nowMs() / 1000) };
  const seconds = /^\d{1,12}$/.test(now) ? Number(now) : Math.floor(Date.parse(now) / 1000);
  if (Number.isFinite(seconds)) return { ok: true, value: seconds };
  return {
    ok: false,
    problem: `--now: "${now}" is neither unix seconds nor a time such as 2026-11-02T12:00:05Z`,
  };
}

function forPeople(diagnosis: Diagnosis, context: CommandContext): string {
  const paint = createPaint(context);
  const explanations = diagnosis.findings.map(explain);
  const lines = explanations.map(({ subject, isGood, text }) => {
    const mark = isGood ? paint.good("ok   ") : paint.bad("wrong");
    return `  ${subject.padEnd(6)}  ${mark}  ${indented(text, 17)}\n`;
  });
  const remedies = explanations.flatMap((explanation) => explanation.remedies);
  const verdict = diagnosis.isValid ? paint.good("valid") : paint.bad("not valid");
  if (diagnosis.isValid) {
    const hint = "If your own receiver refuses it, it hashes other bytes or has another secret.";
    return `${verdict}\n${lines.join("")}\n  ${paint.faint(hint)}\n`;
  }
  const advice = remedies.map((remedy) => `  ${paint.strong("do")}      ${indented(remedy, 10)}\n`);
  return `${verdict}\n${lines.join("")}\n${advice.join("")}`;
}

function forMachines({ isValid, findings }: Diagnosis): string {
  const explained = findings.map((finding) => {
    const { subject, isGood, text, remedies } = explain(finding);
    const { kind } = finding;
    const cause = kind === "hash-reproduced" ? { cause: finding.deviation } : {};
    return { subject, ok: isGood, kind, text, remedies, ...cause };
  });
  return `${JSON.stringify({ valid: isValid, findings: explained })}\n`;
}
