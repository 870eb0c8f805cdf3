/** What a destination is sent of an event: the stored bytes, its facts and addresses, or its traces by OTLP/HTTP. */
export type Payload = "full" | "slim" | "otlp";

export const payloads: readonly Payload[] = ["full", "slim", "otlp"];

/**
 * A system of the user's that events are sent to. Plain values only, so that it can be posted to a thread. Of these only
 * `name` and `host` may be shown: everything else is a secret or may hold one.
 */
export type Destination = {
  name: string;
  url: string;
  /** Host and port of the URL. */
  host: string;
  /** The keys that sign, the newest first; none for "otlp" unless they are given. */
  keys: readonly Uint8Array[];
  /** null: every type */
  types: readonly string[] | null;
  /** null: every agent, and events without one */
  agents: readonly string[] | null;
  payload: Payload;
  /** Sent with each request, as written. */
  headers: Readonly<Record<string, string>>;
  /** Whether it is told of erased conversations. */
  wantsErased: boolean;
};

/** The names of the destinations that are told of erased conversations. */
export function namesToldOfErased(destinations: readonly Destination[]): string[] {
  return destinations.filter(({ wantsErased }) => wantsErased).map(({ name }) => name);
}

/** Has destinations told that conversations were erased, and returns how many. It is on disk then. */
export type AnnounceErased = (erased: {
  conversationIds: readonly string[];
  names: readonly string[];
  nowMs: number;
}) => number | Promise<number>;

/** The type of the event that tells a destination of an erased conversation. ElevenLabs never sends it. */
export const ERASED_TYPE = "conversation_erased";
