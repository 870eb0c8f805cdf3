import { resolve } from "node:path";
import type { Parsed } from "../platform/parsed.ts";
import { wholeNumber } from "../platform/text.ts";
import { vendorApiHosts, vendorApiOrigin } from "../vendor/rest/hosts.ts";

export type Parse<T> = (text: string, folder: string) => Parsed<T>;

/** As many as a receiver tries. */
export const SECRETS_MAX = 8;
const SECRET_CHARS_MAX = 1024;
const TOKEN_CHARS_MIN = 32;
const DAYS_MAX = 36_500;
const AGENTS_MAX = 50;
const AGENT_ID = /^(agent|seng)_[\w-]{1,128}$/;
const UNITS = new Map([
  ["", 1],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
]);

export function integer(min: number, max: number): Parse<number> {
  return (text) => {
    const value = wholeNumber(text, { min, max });
    if (value !== null) return { ok: true, value };
    return { ok: false, problem: `"${text}" is not a whole number from ${min} to ${max}` };
  };
}

/** Whole days; null if none are given. */
export const days: Parse<number | null> = (text, folder) =>
  text === "" ? { ok: true, value: null } : integer(1, DAYS_MAX)(text, folder);

/** Bytes, or KiB, MiB, GiB with that unit behind the number. */
export function bytes(min: number, max: number): Parse<number> {
  return (text) => {
    const [, number = "", unit = ""] = /^(\d{1,15}) ?([KMG]iB)?$/.exec(text) ?? [];
    const value = number === "" ? Number.NaN : Number(number) * (UNITS.get(unit) ?? Number.NaN);
    if (value >= min && value <= max) return { ok: true, value };
    return {
      ok: false,
      problem: `"${text}" is not a number of bytes from ${min} to ${max}, such as 1048576 or 1MiB`,
    };
  };
}

export function oneOf<const T extends string>(...choices: T[]): Parse<T> {
  return (text) => {
    const value = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
    return value === undefined
      ? { ok: false, problem: `"${text}" is not one of ${choices.join(", ")}` }
      : { ok: true, value };
  };
}

export const boolean: Parse<boolean> = (text) => {
  if (/^(true|1|yes|on)$/i.test(text)) return { ok: true, value: true };
  if (/^(false|0|no|off)$/i.test(text)) return { ok: true, value: false };
  return { ok: false, problem: `"${text}" is neither true nor false` };
};

export const host: Parse<string> = (text) =>
  /^[\w.:-]+$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, problem: `"${text}" is not an address to listen on, such as 127.0.0.1` };

/** Anything: whether it is good shows when it is needed. */
export const anyText: Parse<string> = (given) => ({ ok: true, value: given.trim() });

/** Absolute, or relative to the working directory. */
export const path: Parse<string> = (text, folder) =>
  text.includes("\0")
    ? { ok: false, problem: "a path can't hold a NUL character" }
    : { ok: true, value: resolve(folder, text) };

/** The same, or null if the text is empty. */
export const optionalPath: Parse<string | null> = (text, folder) =>
  text === "" ? { ok: true, value: null } : path(text, folder);

/** An address on the web without a slash at its end, or null if the text is empty. */
export const optionalAddress: Parse<string | null> = (text) => {
  if (text === "") return { ok: true, value: null };
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.href === url.origin + url.pathname;
  return isPlain
    ? { ok: true, value: url.href.replace(/\/+$/, "") }
    : { ok: false, problem: `"${text}" is not an address such as https://hooks.example.com` };
};

/** One secret, or several with commas between them. The problem never quotes any. */
export const secrets: Parse<readonly string[]> = (text) => {
  const value = listed(text);
  if (value.length === 0) return { ok: false, problem: "it holds no secret" };
  // Left of a line NAME="" by what does not take quotes away: a secret that anybody guesses.
  if (value.some((secret) => /^["'\s]*$/.test(secret)))
    return { ok: false, problem: "a secret is nothing but quotes" };
  return bounded(value);
};

/** No token, one, or several with commas between them, as they can stand in a header. The problem never quotes any. */
export const tokens: Parse<readonly string[]> = (text) => {
  const value = listed(text);
  if (value.some((token) => token.length < TOKEN_CHARS_MIN || !/^[\w.~+/-]+=*$/.test(token))) {
    return {
      ok: false,
      problem: `a token has at least ${TOKEN_CHARS_MIN} letters and digits: make one with openssl rand -hex 32`,
    };
  }
  return bounded(value);
};

/** Whose calls are recovered. */
export type RecoveredAgents = { kind: "off" } | { kind: "all" } | { kind: "some"; agentIds: string[] };

/** `off`, `all`, or ids of agents. */
export const recoveredAgents: Parse<RecoveredAgents> = (text) => {
  if (/^(off|all)$/i.test(text)) return { ok: true, value: { kind: /^off$/i.test(text) ? "off" : "all" } };
  const agentIds = text.split(",").map((id) => id.trim());
  if (agentIds.length <= AGENTS_MAX && agentIds.every((id) => AGENT_ID.test(id)))
    return { ok: true, value: { kind: "some", agentIds: [...new Set(agentIds)] } };
  const problem = `"${text}" is neither off, all, nor up to ${AGENTS_MAX} ids of agents such as agent_...`;
  return { ok: false, problem };
};

/** A key of ElevenLabs' API, or null if there is none. The problem never quotes it. */
export const vendorApiKey: Parse<string | null> = (text) => {
  const key = text.trim();
  if (key === "") return { ok: true, value: null };
  return key.length <= SECRET_CHARS_MAX && /^[\w.~+/=-]+$/.test(key)
    ? { ok: true, value: key }
    : {
        ok: false,
        problem: "a key of ElevenLabs' API has only letters, digits and _: copy it again, without quotes",
      };
};

/** The address of ElevenLabs' API. */
export const vendorApiUrl: Parse<string> = (text) => {
  const value = vendorApiOrigin(text);
  return value === null
    ? { ok: false, problem: `it is none of ${vendorApiHosts.join(", ")}, nor another https://HOST` }
    : { ok: true, value };
};

/** What stands between the commas of a text, without spaces around it and without what is empty. */
export function listed(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function bounded(value: readonly string[]): Parsed<readonly string[]> {
  if (value.length > SECRETS_MAX)
    return { ok: false, problem: `it holds ${value.length} secrets, more than ${SECRETS_MAX}` };
  if (value.some((secret) => secret.length > SECRET_CHARS_MAX)) {
    return { ok: false, problem: `a secret is longer than ${SECRET_CHARS_MAX} characters` };
  }
  return { ok: true, value };
}
