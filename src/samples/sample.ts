import { randomBytes } from "node:crypto";

/** What differs from one event to the next. */
export type FreshIds = {
  nowSeconds: number;
  conversationId: string;
  /** A recording in base64; only the audio sample needs it. */
  audio: string;
  /** A new id with that prefix. */
  id: (prefix: string) => string;
};

/** An event in the form that the vendor documents, with synthetic names and numbers. */
export type Sample = {
  name: string;
  /** The type on the wire. */
  type: string;
  summary: string;
  /** The event beside its type. */
  event: (fresh: FreshIds) => Record<string, unknown>;
};

export const AGENT_ID = "agent_0000sample000agent0000sample";
export const CALLER = "+15550100123";
export const OWN_NUMBER = "+15550100100";

/** Makes new ids and times, so that a receiver takes each event for a new one. */
export function freshIds(nowMs: number, audio: string): FreshIds {
  return { nowSeconds: Math.floor(nowMs / 1000), conversationId: newId("conv"), audio, id: newId };
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(14).toString("hex")}`;
}

/** The usual envelope: the time of the event beside its data. */
export function envelope(data: (fresh: FreshIds) => Record<string, unknown>): Sample["event"] {
  return (fresh) => ({ event_timestamp: fresh.nowSeconds, data: data(fresh) });
}
