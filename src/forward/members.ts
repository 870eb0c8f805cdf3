import type { Parsed } from "../platform/parsed.ts";
import { eventTypes } from "../vendor/event-type.ts";
import { isObject } from "../vendor/json-value.ts";
import type { JsonObject } from "../vendor/json-value.ts";
import { ERASED_TYPE, payloads } from "./destination.ts";
import type { Destination, Payload } from "./destination.ts";

const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const URL_CHARS_MAX = 2048;
const SECRETS_MAX = 4;
const SECRET_PREFIX = "whsec_";
/** What standardwebhooks.com asks for. */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const AGENTS_MAX = 256;
const AGENT_CHARS_MAX = 128;
const HEADERS_MAX = 16;
const HEADER_CHARS_MAX = 4096;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** Visible characters of ASCII with spaces and tabs between them: nothing that could begin another header. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
/** Set by us, or by what speaks HTTP. */
const OWN_HEADER =
  /^(?:webhook-.*|host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|accept-encoding)$/i;
const MEMBERS = [
  "name",
  "url",
  "secret",
  "types",
  "agents",
  "payload",
  "headers",
  ERASED_TYPE,
] as const satisfies readonly string[];

/** Each begins with its place, such as `.url: `. */
type Problems = string[];

/** Reads one destination, or finds everything that is wrong with it. */
export function readDestination(value: unknown): Parsed<Destination, readonly string[]> {
  if (!isObject(value)) return { ok: false, problem: [": it has to be an object"] };
  const problems = unknownMembers(value);
  const payload = payloadOf(value.payload, problems);
  const url = urlOf(value.url, problems);
  const destination = {
    name: nameOf(value.name, problems),
    url: url?.href ?? "",
    host: url?.host ?? "",
    keys: keysOf(value.secret, payload, problems),
    types: typesOf(value.types, payload, problems),
    agents: agentsOf(value.agents, problems),
    payload,
    headers: headersOf(value.headers, problems),
    wantsErased: erasedOf(value[ERASED_TYPE], payload, problems),
  };
  return problems.length === 0 ? { ok: true, value: destination } : { ok: false, problem: problems };
}

function unknownMembers(value: JsonObject): Problems {
  const unknown = Object.keys(value).filter((name) => !MEMBERS.some((known) => known === name));
  if (unknown.length === 0) return [];
  const shown = unknown.map((name) => (/^\w{1,32}$/.test(name) ? name : "one that can't be shown"));
  return [`: there is no member ${shown.join(", ")}; it may have ${MEMBERS.join(", ")}`];
}

/** Whether a value could be the name of a destination. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

function nameOf(value: unknown, problems: Problems): string {
  if (isName(value)) return value;
  problems.push(".name: it has to be 1 to 40 of a-z, 0-9, _ and -");
  return "";
}

function urlOf(value: unknown, problems: Problems): URL | null {
  const url = typeof value === "string" && value.length <= URL_CHARS_MAX ? URL.parse(value) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    problems.push(".url: it has to be an address such as https://crm.example.com/hooks");
    return null;
  }
  if (url.username !== "" || url.password !== "") {
    problems.push(".url: it can't hold a user and a password; put an authorization header into headers");
  }
  if (url.hash !== "") problems.push(".url: it can't hold a fragment, the part from # on");
  return url;
}

function keysOf(value: unknown, payload: Payload, problems: Problems): Uint8Array[] {
  // An OTLP endpoint knows its senders by a header; nothing there verifies a signature.
  if (value === undefined && payload === "otlp") return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > SECRETS_MAX) {
    problems.push(`.secret: it has to be one secret, or a list of 1 to ${SECRETS_MAX} during a rotation`);
  }
  const keys = list.slice(0, SECRETS_MAX).flatMap((secret) => keyOf(secret) ?? []);
  if (keys.length < Math.min(list.length, SECRETS_MAX)) {
    problems.push(
      `.secret: it has to be ${SECRET_PREFIX} and the Base64 of ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes; "elevenlabs-webhook forward secret" makes one`,
    );
  }
  return keys;
}

function keyOf(secret: unknown): Uint8Array | null {
  if (typeof secret !== "string" || !secret.startsWith(SECRET_PREFIX)) return null;
  const text = secret.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(text, "base64");
  if (bytes.length < KEY_BYTES_MIN || bytes.length > KEY_BYTES_MAX) return null;
  // Buffer skips what is not Base64, and another implementation would have another key.
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : null;
}

function typesOf(value: unknown, payload: Payload, problems: Problems): readonly string[] | null {
  if (value === undefined) return null;
  if (payload === "otlp") {
    problems.push('.types: with the payload "otlp" there is one type only: leave it out');
    return null;
  }
  const known = isListOfTexts(value) && value.length > 0 ? value : [];
  if (known.includes(ERASED_TYPE)) {
    problems.push(`.types: ${ERASED_TYPE} is a member of its own: "${ERASED_TYPE}": true`);
  } else if (known.length === 0 || known.some((type) => !eventTypes.includes(type))) {
    problems.push(`.types: it has to be a list of event types: ${eventTypes.join(", ")}`);
  }
  return known;
}

function agentsOf(value: unknown, problems: Problems): readonly string[] | null {
  if (value === undefined) return null;
  if (
    isListOfTexts(value) &&
    value.length > 0 &&
    value.length <= AGENTS_MAX &&
    value.every((agent) => agent !== "" && agent.length <= AGENT_CHARS_MAX)
  ) {
    return value;
  }
  problems.push(`.agents: it has to be a list of 1 to ${AGENTS_MAX} agent ids`);
  return null;
}

function payloadOf(value: unknown, problems: Problems): Payload {
  if (value === undefined) return "full";
  const payload = payloads.find((known) => known === value);
  if (payload === undefined) problems.push(`.payload: it has to be one of ${payloads.join(", ")}`);
  return payload ?? "full";
}

function headersOf(value: unknown, problems: Problems): Record<string, string> {
  if (value === undefined) return {};
  const entries = isObject(value) ? Object.entries(value) : [];
  if (!isObject(value) || entries.length > HEADERS_MAX) {
    problems.push(`.headers: it has to be an object of at most ${HEADERS_MAX} texts`);
    return {};
  }
  const headers: Record<string, string> = {};
  for (const [index, [name, text]] of entries.entries()) {
    const problem = headerProblem(name, text, headers);
    // By its number: somebody may have put the value in the place of the name.
    if (problem !== null) problems.push(`.headers, number ${index + 1}: ${problem}`);
    else headers[name.toLowerCase()] = String(text);
  }
  return headers;
}

function headerProblem(name: string, text: unknown, before: Record<string, string>): string | null {
  if (!HEADER_NAME.test(name)) return "its name is not one of a header";
  if (OWN_HEADER.test(name)) return "this header is set by the program";
  if (Object.hasOwn(before, name.toLowerCase())) return "this header is there twice";
  if (typeof text !== "string" || text.length > HEADER_CHARS_MAX || !HEADER_VALUE.test(text)) {
    return `its value has to be 1 to ${HEADER_CHARS_MAX} visible characters of ASCII`;
  }
  return null;
}

function erasedOf(value: unknown, payload: Payload, problems: Problems): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean") problems.push(`.${ERASED_TYPE}: it has to be true or false`);
  if (value === true && payload === "otlp") {
    problems.push(`.${ERASED_TYPE}: an OTLP endpoint takes nothing but traces`);
  }
  return value === true;
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
