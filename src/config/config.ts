import { randomBytes } from "node:crypto";
import { closest, distance } from "fastest-levenshtein";
import type { DataConfig } from "./data.ts";
import { options } from "./options.ts";
import type { DataKey } from "./read-data.ts";
import type { OptionKey, Values } from "./options.ts";
import type { Option } from "./option.ts";
import { findText, readVariables } from "./sources.ts";
import type { ConfigSources, Origin, Setting, Variables } from "./sources.ts";
import { isOfData, readData, textOf } from "./read-data.ts";
import { expiryWarning, loadTls } from "./tls.ts";
import type { Tls } from "./tls.ts";
import type { Parsed } from "../platform/parsed.ts";

const PREFIX = "ELEVENLABS_WEBHOOK_";
const SECRET_SHAPE = /^wsec_[0-9a-f]{64}$/;
const PLACEHOLDER = /^not-connected-[0-9a-f]{64}$/;
// With three, _URL and _PATH of other programs would be slips of _PORT.
const TYPO_DISTANCE_MAX = 2;
// Names without the prefix that are shorter than this may be of other programs, even if they differ by two letters only.
const OWN_NAME_CHARS_MIN = 12;

export type Settings = { [K in OptionKey]: Setting<Values[K]> };

/** Everything that can be set, in the form the program uses. */
export type Config = Omit<Values, DataKey | "unknownEventStatus"> & {
  /** null: plain HTTP */
  tls: Tls | null;
  /** Where data are; earlier recordings too if none are stored any more. */
  data: DataConfig;
  unknownEventStatus: 200 | 400;
};

type ConfigResult =
  | { kind: "valid"; config: Config; warnings: string[]; origins: Record<OptionKey, Origin> }
  /** Every fault, each with what to do. */
  | { kind: "faulty"; problems: string[] };

/** Reads the whole configuration, or finds every fault in it. */
export function loadConfig(sources: ConfigSources): ConfigResult {
  const read = readSettings(sources);
  if (!read.ok) return { kind: "faulty", problems: [read.problem] };
  const { settings, problems, warnings } = read.value;

  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [key, { parsed, origin }] of Object.entries(settings)) {
    origins[key] = origin;
    if (!parsed.ok) problems.push(`${options[key as OptionKey].name}: ${parsed.problem}`);
    else if (!isOfData(key)) values[key] = parsed.value;
  }
  const data = readData(settings);
  if (!data.ok) problems.push(...data.problem.map(textOf).filter((text) => !problems.includes(text)));
  const tls = loadTls(
    { tlsCertFile: valueOf(settings.tlsCertFile, null), tlsKeyFile: valueOf(settings.tlsKeyFile, null) },
    sources,
  );
  if (!tls.ok) problems.push(`${tls.problem.text}. ${tls.problem.remedy}`);
  if (!tls.ok || !data.ok || problems.length > 0) return { kind: "faulty", problems };

  // The loop has read every other option: what it put together is complete.
  const { unknownEventStatus, ...same } = values as Omit<Values, DataKey>;
  if (!same.secrets.every((secret) => looksLikeSecret(secret) || isPlaceholder(secret))) {
    warnings.push(
      `${options.secrets.name}: does not look like wsec_ and 64 hexadecimal digits; if signatures fail, copy it again`,
    );
  }
  const soon = tls.value === null ? null : expiryWarning(tls.value, sources.nowMs);
  if (soon !== null) warnings.push(`${soon.text}. ${soon.remedy}`);
  if (same.recover.kind !== "off" && same.vendorApiKey === null) {
    warnings.push(
      `${options.recover.name}: nothing is recovered without a key, set ${options.vendorApiKey.name} or ${options.recover.name}=off`,
    );
  }
  const config: Config = {
    ...same,
    tls: tls.value,
    data: data.value,
    unknownEventStatus: unknownEventStatus === "200" ? 200 : 400,
  };
  return { kind: "valid", config, warnings, origins: origins as Record<OptionKey, Origin> };
}

/**
 * Reads every setting by itself, for commands that need only some of them. `problems` and `warnings` are about names
 * that are not settings; what is wrong with a setting is in its `parsed`.
 */
export function readSettings(
  sources: ConfigSources,
): Parsed<{ settings: Settings; problems: string[]; warnings: string[] }> {
  const variables = readVariables(sources);
  if (!variables.ok) return variables;
  const settings: Record<string, Setting<unknown>> = {};
  for (const [key, option] of Object.entries(options)) {
    const { origin, ...text } = findText(key as OptionKey, variables.value, sources);
    const parsed = text.ok ? option.parse(text.value, sources.folder) : text;
    settings[key] = { origin, parsed };
  }
  // The loop has gone over the whole table.
  return { ok: true, value: { settings: settings as Settings, ...judgeNames(variables.value) } };
}

/** A setting's value, or another one if it is not valid. */
export function valueOf<T>({ parsed }: Setting<T>, otherwise: T): T {
  return parsed.ok ? parsed.value : otherwise;
}

/** True for the shape of all secrets that are known; nothing documents it. */
export function looksLikeSecret(secret: string): boolean {
  return SECRET_SHAPE.test(secret);
}

/** Stands for the secret until ElevenLabs has given one; nobody knows it, so nobody can sign with it. */
export function newPlaceholder(): string {
  return `not-connected-${randomBytes(32).toString("hex")}`;
}

/** True for what `newPlaceholder` has made. */
export function isPlaceholder(secret: string): boolean {
  return PLACEHOLDER.test(secret);
}

/**
 * Looks for names that were meant for us. With our prefix, a slip of the pen is a fault and any other unknown name a
 * warning; without it a slip is a warning, unless the setting that it resembles is there too.
 */
function judgeNames(variables: Variables): { problems: string[]; warnings: string[] } {
  const known = Object.values<Option<unknown>>(options).flatMap(({ name, isSecret, hasFile }) =>
    isSecret === true || hasFile === true ? [name, `${name}_FILE`] : [name],
  );
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(variables)) {
    if (known.includes(name)) continue;
    const nearest = closest(name, known);
    const difference = distance(name, nearest);
    if (!name.startsWith(PREFIX)) {
      const most = nearest.length < OWN_NAME_CHARS_MIN ? 1 : TYPO_DISTANCE_MAX;
      if (difference <= most && variables[nearest] === undefined)
        warnings.push(`${name}: there is no such setting, it is ignored; did you mean ${nearest}?`);
    } else if (difference <= TYPO_DISTANCE_MAX) {
      problems.push(`${name}: there is no such setting, did you mean ${nearest}?`);
    } else {
      warnings.push(`${name}: there is no such setting, it is ignored`);
    }
  }
  return { problems, warnings };
}
