import { eventKind, needsConversation } from "./event-type.ts";
import type { EventKind } from "./event-type.ts";
import { isObject, secondsAt, textAt } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";

/** SQLite's JSON functions stop at this depth; deeper payloads could not be queried. */
export const NESTING_LEVELS_MAX = 1000;

/** A longer id is none. */
export const ID_CHARS_MAX = 16 * 1024;
/** An unknown type comes back in the answer: more of it than this is not read. The payload has it whole. */
const TYPE_CHARS_MAX = 128;

/** A signed event in a form that can be worked with. */
export type Event = {
  kind: EventKind;
  type: string;
  /** The `data` member, or the whole event if an older sender put its members at the top level. */
  data: JsonObject;
  isFlat: boolean;
  conversationId: string | null;
  agentId: string | null;
  /** Unix seconds. */
  eventTimestamp: number | null;
};

const quarantineCodes = ["invalid_json", "unknown_type", "invalid_payload"] as const;

export type QuarantineCode = (typeof quarantineCodes)[number];

/** What could be read of a signed body, so that it can be found and erased even if it can't be processed. */
type Known = {
  type: string | null;
  conversationId: string | null;
  agentId: string | null;
  eventTimestamp: number | null;
};

/** Why a signed body can't be processed. */
export type Quarantine = Known & { code: QuarantineCode; reason: string };

/** Reads the envelope of a parsed body. Only `type` and, for a conversation, its id are needed. */
export function readEvent(body: unknown): Event | Quarantine {
  if (!isObject(body)) return unusable("invalid_json", "not a JSON object");
  const type = textAt(body, "type")?.slice(0, TYPE_CHARS_MAX) ?? null;
  if (type === null) return unusable("invalid_json", "no type");

  const isFlat = !Object.hasOwn(body, "data");
  const data = isFlat ? body : body.data;
  const known = {
    type,
    conversationId: idAt(data, "conversation_id"),
    agentId: idAt(data, "agent_id"),
    eventTimestamp: secondsAt(body, "event_timestamp"),
  };
  const kind = eventKind(type);
  if (kind === null) return unusable("unknown_type", "this version does not know the type", known);
  if (!isObject(data)) return unusable("invalid_payload", "data is not an object", known);
  if (needsConversation(kind) && known.conversationId === null) {
    return unusable("invalid_payload", "no conversation_id", known);
  }
  return { kind, data, isFlat, ...known };
}

const nothing: Known = { type: null, conversationId: null, agentId: null, eventTimestamp: null };

export function unusable(code: QuarantineCode, reason: string, known: Known = nothing): Quarantine {
  const { type, conversationId, agentId, eventTimestamp } = known;
  return { code, reason, type, conversationId, agentId, eventTimestamp };
}

export function isQuarantine(value: object): value is Quarantine {
  return "code" in value;
}

export function isQuarantineCode(code: string): code is QuarantineCode {
  return quarantineCodes.some((known) => known === code);
}

function idAt(data: unknown, name: string): string | null {
  const id = textAt(data, name);
  return id !== null && id.length <= ID_CHARS_MAX ? id : null;
}
