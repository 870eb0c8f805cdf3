import { valueOf } from "../../config/config.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { Expectation } from "../../sender/expectation.ts";
import { webhookUrl } from "../../sender/target.ts";
import type { CommandFlag, Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { configuredSecrets, findSettings, givenSecrets, givenNumber } from "../settings.ts";

/** How `send` is to send. */
export type SendPlan = {
  url: URL;
  /** The receiver of our own settings, since no other was named. */
  isOwn: boolean;
  /** null: signed with a secret that nobody has */
  secret: string | null;
  ageSeconds: number;
  isChunked: boolean;
  timeoutMs: number;
  count: number;
  concurrency: number;
  expectation: Expectation;
  isJson: boolean;
};

const COUNT_MAX = 1_000_000;
const CONCURRENCY_MAX = 256;
const AGE_SECONDS_MAX = 1_000_000_000;
const TIMEOUT_SECONDS_MAX = 3600;

export const sendFlags: CommandFlag[] = [
  { key: "sample", flag: "--sample <name>", description: "a built-in event" },
  { key: "list", flag: "--list", description: "show the samples" },
  { key: "audio", flag: "--audio <file>", description: "an audio event with this recording" },
  {
    key: "url",
    flag: "--url <url>",
    description: "URL to deliver to (default: the configured host and port, /webhook)",
  },
  { key: "secret", flag: "--secret <value>", description: "instead of ELEVENLABS_WEBHOOK_SECRET" },
  { key: "age", flag: "--age <seconds>", description: "age of the signature (negative: from the future)" },
  { key: "invalid", flag: "--invalid", description: "sign wrongly: it must be refused" },
  { key: "health", flag: "--health", description: "send nothing, only check /health" },
  {
    key: "chunked",
    flag: "--chunked",
    description: "with transfer-encoding: chunked, as ElevenLabs sends audio",
  },
  { key: "raw", flag: "--raw", description: "send a file that is not JSON" },
  { key: "count", flag: "--count <number>", description: "number of events (default 1)" },
  { key: "concurrency", flag: "--concurrency <number>", description: "number of events at once (default 1)" },
  { key: "timeout", flag: "--timeout <seconds>", description: "time limit for an answer (default 30)" },
  { key: "json", flag: "--json", description: "print JSON" },
];

/** Reads what was asked for; the first fault in it, with the exit status that it has. */
export function planOf(
  given: Given,
  context: CommandContext,
): { ok: true; value: SendPlan } | { ok: false; problem: string; status: "usage" | "config" } {
  const settings = findSettings(context);
  if (!settings.ok) return { ...settings, status: "config" };
  const url = webhookUrl(given.url, settings.value);
  const age = givenNumber(given, "age", { otherwise: 0, min: -AGE_SECONDS_MAX, max: AGE_SECONDS_MAX });
  const count = givenNumber(given, "count", { otherwise: 1, min: 1, max: COUNT_MAX });
  const concurrency = givenNumber(given, "concurrency", { otherwise: 1, min: 1, max: CONCURRENCY_MAX });
  const timeout = givenNumber(given, "timeout", { otherwise: 30, min: 1, max: TIMEOUT_SECONDS_MAX });
  if (!url.ok) return { ...url, status: "usage" };
  if (!age.ok) return { ...age, status: "usage" };
  if (!count.ok) return { ...count, status: "usage" };
  if (!concurrency.ok) return { ...concurrency, status: "usage" };
  if (!timeout.ok) return { ...timeout, status: "usage" };

  const isInvalid = given.invalid !== undefined;
  const needsNone = isInvalid || given.health !== undefined;
  const secrets: Parsed<readonly string[]> =
    given.secret === undefined ? configuredSecrets(settings.value) : givenSecrets(given.secret);
  if (!secrets.ok && !needsNone) return { ...secrets, status: "config" };

  const toleranceSeconds = valueOf(settings.value.toleranceSeconds, 1800);
  const isRefused = isInvalid || Math.abs(age.value) > toleranceSeconds;
  return {
    ok: true,
    value: {
      url: url.value,
      isOwn: given.url === undefined,
      secret: secrets.ok && !isInvalid ? (secrets.value[0] ?? null) : null,
      ageSeconds: age.value,
      isChunked: given.chunked !== undefined,
      timeoutMs: timeout.value * 1000,
      count: count.value,
      concurrency: Math.min(concurrency.value, count.value),
      expectation: isRefused ? "refused" : "accepted",
      isJson: given.json !== undefined,
    },
  };
}
