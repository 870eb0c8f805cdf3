import { isObject } from "../vendor/json-value.ts";
import type { JsonObject } from "../vendor/json-value.ts";

/** What the receiver is there for; other events that are switched on stay. */
export const WANTED_EVENTS = ["transcript", "audio", "call_initiation_failure"] as const;

/** Read as true or false whatever `events` says, and refused beside it by newer versions of the API. */
const DEPRECATED = "send_audio";
/** Its members are headers, which hold tokens. */
const HEADERS = "request_headers";

/** The events that are missing. */
export function missingEvents(events: readonly string[]): string[] {
  return WANTED_EVENTS.filter((event) => !events.includes(event));
}

/**
 * The settings to send: everything as it was read, since a member that is left out may be reset, but for the post-call
 * webhook, its events, and the deprecated member.
 */
export function settingsFor(read: JsonObject, events: readonly string[], webhookId: string): JsonObject {
  const webhooks = isObject(read.webhooks) ? read.webhooks : {};
  const { [DEPRECATED]: _deprecated, ...kept } = webhooks;
  return {
    ...read,
    webhooks: {
      ...kept,
      post_call_webhook_id: webhookId,
      events: [...events, ...missingEvents(events)],
    },
  };
}

/** The names of the members that differ, such as `webhooks.transcript_format`; never their values. */
export function differences(sent: JsonObject, read: JsonObject, path = ""): string[] {
  const names = new Set([...Object.keys(sent), ...Object.keys(read)]);
  return [...names].toSorted().flatMap((name) => {
    const at = `${path}${name}`;
    if (at === `webhooks.${DEPRECATED}`) return [];
    const [before, after] = [sent[name], read[name]];
    if (isSame(before, after)) return [];
    if (name === HEADERS || !isObject(before) || !isObject(after)) return [at];
    return differences(before, after, `${at}.`);
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return Bun.deepEquals(ordered(one), ordered(other), true);
}

/** The order of events means nothing. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.toSorted();
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, ordered(inner)]));
}
