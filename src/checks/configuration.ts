import { isPlaceholder, looksLikeSecret, readSettings } from "../config/config.ts";
import type { Settings } from "../config/config.ts";
import { isOfData, readData } from "../config/read-data.ts";
import { options } from "../config/options.ts";
import type { OptionKey } from "../config/options.ts";
import type { Option } from "../config/option.ts";
import { error, ok, warning } from "./result.ts";
import { sizeText } from "../platform/text.ts";
import type { CheckResult } from "./result.ts";

/** One setting as it may be shown: no secret in it. */
export type ShownSetting = { name: string; value: string; origin: string };

type Read = Extract<ReturnType<typeof readSettings>, { value: unknown }>["value"];

const SUBJECT = "settings";

/** Every fault of the configuration, or that there is none. */
export function checkConfiguration({ settings, problems, warnings }: Read): CheckResult[] {
  const faults = entriesOf(settings).flatMap(([key, { parsed }]) =>
    parsed.ok || isOfData(key) ? [] : [settingFault(options[key].name, parsed.problem)],
  );
  const data = readData(settings);
  const results = [
    ...faults,
    ...(data.ok ? [] : data.problem.map(({ name, text }) => settingFault(name, text))),
    ...problems.map((problem) => error(SUBJECT, problem, "Correct the name, or remove it.")),
    ...warnings.map((problem) => warning(SUBJECT, problem, "Correct the name, or remove it.")),
  ];
  return results.length > 0 ? results : [ok(SUBJECT, "all in order")];
}

/** Whether the secrets look like secrets; null if none could be read. */
export function checkSecrets({ secrets: { parsed } }: Settings): CheckResult | null {
  if (!parsed.ok) return null;
  if (parsed.value.every(isPlaceholder)) {
    return warning(
      "secret",
      "none of ElevenLabs yet: nobody can deliver",
      "Run: elevenlabs-webhook connect https://your.host/webhook",
    );
  }
  const unusual = parsed.value.find((secret) => !looksLikeSecret(secret) && !isPlaceholder(secret));
  if (unusual === undefined) {
    const number = parsed.value.length === 1 ? "1 looks" : `${parsed.value.length} look`;
    return ok("secret", `${number} like wsec_ and 64 hexadecimal digits`);
  }
  return warning(
    "secret",
    `${masked(unusual)} (${unusual.length} characters) does not look like wsec_ and 64 hexadecimal digits`,
    "If signatures fail, copy it again: whole, without quotes, the webhook's secret and not an API key.",
  );
}

export function shownSettings(settings: Settings): ShownSetting[] {
  return entriesOf(settings).map(([key, { parsed, origin }]) => ({
    name: options[key].name,
    value: parsed.ok ? shownValue(key, parsed.value) : "?",
    origin,
  }));
}

function shownValue(key: OptionKey, value: unknown): string {
  const option: Option<unknown> = options[key];
  if (option.show !== undefined) return option.show(value);
  if (value === null) return "off";
  if (option.isSecret === true && typeof value === "string") return masked(value);
  if (typeof value === "object" && "kind" in value) {
    return String("agentIds" in value ? value.agentIds : value.kind);
  }
  if (Array.isArray(value)) return value.map((secret) => masked(String(secret))).join(", ");
  if (typeof value === "number" && option.name.endsWith("_BYTES")) return sizeText(value);
  return String(value);
}

/** Enough to tell two secrets apart, and too little to use one. */
export function masked(secret: string): string {
  const CHARS_MIN = 32;
  if (secret.length < CHARS_MIN) return "…";
  return `${secret.startsWith("wsec_") ? "wsec_" : ""}…${secret.slice(-4)}`;
}

function entriesOf(settings: Settings) {
  // The keys of the settings are those of the options.
  return Object.entries(settings) as [OptionKey, Settings[OptionKey]][];
}

/** Some problems say what to do about them, behind a colon. */
function settingFault(name: string, problem: string): CheckResult {
  const [, what, remedy] = /^(.*): ((?:set it|remove one).*)$/s.exec(problem) ?? [];
  if (what === undefined || remedy === undefined) {
    return error(SUBJECT, `${name}: ${problem}`, "Correct it, or remove it to have the default.");
  }
  return error(SUBJECT, `${name}: ${what}`, `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`);
}
