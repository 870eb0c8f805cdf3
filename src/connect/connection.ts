import { createHmac, randomBytes } from "node:crypto";
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Parsed } from "../platform/parsed.ts";

const NONCE_BYTES = 8;
const MARK_CHARS = 32;
/** Of attempts whose end is not known; an older one would have been found long since. */
const PENDING_MAX = 16;
const WEBHOOKS_MAX = 16;
const REPLACED_MAX = 64;

const nonce = Type.String({ pattern: `^[0-9a-f]{${NONCE_BYTES * 2}}$` });

const ownWebhook = Type.Object({
  webhook_id: Type.String({ minLength: 1, maxLength: 256 }),
  /** Part of its name at ElevenLabs. */
  nonce,
  /** Tells which of the stored secrets is this webhook's: see `markOf`. */
  mark: Type.String({ maxLength: MARK_CHARS }),
  url: Type.String({ maxLength: 2048 }),
  /** Unix seconds. */
  created_at: Type.Integer(),
  /** Retries have been switched on. */
  has_retries: Type.Boolean(),
  /** For a receiver that is reloaded by hand: its operator was told to give it the secret. */
  is_handed_over: Type.Boolean(),
});

const model = Type.Object({
  /** Of webhooks that may have been created without their ids having been stored; the newest last. */
  pending_nonces: Type.Array(nonce, { maxItems: PENDING_MAX }),
  /** Oldest first. The last is the one to be used, the others stay until `connect --finish`. */
  webhooks: Type.Array(ownWebhook, { maxItems: WEBHOOKS_MAX }),
  /** Webhooks of somebody else that were post-call webhooks before, by their ids. */
  replaced: Type.Array(Type.String({ maxLength: 256 }), { maxItems: REPLACED_MAX }),
});

/** A webhook that `connect` has made. */
export type OwnWebhook = Static<typeof ownWebhook>;

/** What is remembered of the connection to ElevenLabs, as it is in connection.json. No secret is in it. */
export type ConnectionRecord = Static<typeof model>;

export const noConnection: ConnectionRecord = { pending_nonces: [], webhooks: [], replaced: [] };

/** Reads connection.json. @param text null if there is none */
export function parseConnection(text: string | null): Parsed<ConnectionRecord> {
  if (text === null) return { ok: true, value: noConnection };
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(model, value)) return { ok: true, value };
  } catch {
    // Told below.
  }
  return { ok: false, problem: "it is not what connect writes: restore it from a backup" };
}

/** The text of connection.json. */
export function connectionText(connection: ConnectionRecord): string {
  return `${JSON.stringify(connection, null, 2)}\n`;
}

/** Part of a webhook's name, by which `connect` knows its own, also one whose id it has never learned. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString("hex");
}

/**
 * Tells whose a secret is without telling anything about it: like the signature of a delivery, which everybody on its way
 * may see.
 */
export function markOf(webhookId: string, secret: string): string {
  return createHmac("sha256", secret).update(`connection ${webhookId}`).digest("hex").slice(0, MARK_CHARS);
}

/** True if the secret of a webhook is among these. */
export function isHeld({ webhook_id, mark }: OwnWebhook, secrets: readonly string[]): boolean {
  return secrets.some((secret) => markOf(webhook_id, secret) === mark);
}

/** The same, before a webhook with that nonce is created. */
export function withPending(connection: ConnectionRecord, pending: string): ConnectionRecord {
  const before = connection.pending_nonces.slice(-(PENDING_MAX - 1));
  return { ...connection, pending_nonces: [...before, pending] };
}

/** The same, once the end of that attempt is known. */
export function withoutPending(connection: ConnectionRecord, settled: string): ConnectionRecord {
  return {
    ...connection,
    pending_nonces: connection.pending_nonces.filter((pending) => pending !== settled),
  };
}

/** The name of a webhook at ElevenLabs. */
export function nameFor(url: string, nonceOfIt: string): string {
  return `elevenlabs-webhook ${new URL(url).host} ${nonceOfIt}`;
}

/** True for a webhook that `connect` has made, whether it has learned its id or not. */
export function isOurs(webhook: { webhookId: string; name: string }, connection: ConnectionRecord): boolean {
  const nonces = [...connection.webhooks.map((own) => own.nonce), ...connection.pending_nonces];
  const isKnown = connection.webhooks.some((own) => own.webhook_id === webhook.webhookId);
  return isKnown || nonces.some((one) => webhook.name.endsWith(` ${one}`));
}
