import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A browser keeps a cookie of such a name for the one host that has set it, and sends it over HTTPS only. */
export const COOKIE_NAME = "__Host-elevenlabs-webhook";

/** A session ends this long after its beginning, however much it is used. */
export const SESSION_MS = 12 * 60 * 60_000;

const NONCE_BYTES = 16;
/** An expiry in unix seconds, a nonce, and an HMAC-SHA256 of both. */
const VALUE = /^(\d{10})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
const PURPOSE = "elevenlabs-webhook session 1";

/** What sessions are signed with. It follows from the token, so that they end with it. */
export type SessionKey = Buffer;

export function sessionKey(token: string): SessionKey {
  return createHmac("sha256", token).update(PURPOSE).digest();
}

export type Session = { expiresAtMs: number };

/** Begins a session. Nothing of it is remembered: its cookie holds all that there is. */
export function beginSession(key: SessionKey, nowMs: number): Session & { value: string } {
  const expiry = Math.floor((nowMs + SESSION_MS) / 1000);
  const about = `${expiry}.${randomBytes(NONCE_BYTES).toString("base64url")}`;
  return { expiresAtMs: expiry * 1000, value: `${about}.${signatureOf(key, about).toString("base64url")}` };
}

/**
 * The session that a cookie is of; null if we have not made it, or if it is over.
 *
 * @param keys several during a rotation of the token
 */
export function readSession(value: string, keys: readonly SessionKey[], nowMs: number): Session | null {
  const [, expiry = "", nonce = "", signature = ""] = VALUE.exec(value) ?? [];
  if (signature === "") return null;
  const given = Buffer.from(signature, "base64url");
  // All are compared, each in constant time, as with tokens.
  const matches = keys.filter((key) => timingSafeEqual(signatureOf(key, `${expiry}.${nonce}`), given));
  const expiresAtMs = Number(expiry) * 1000;
  return matches.length > 0 && isRunning(expiresAtMs, nowMs) ? { expiresAtMs } : null;
}

/** One that would run longer than any does was begun while our clock was ahead. */
function isRunning(expiresAtMs: number, nowMs: number): boolean {
  return nowMs < expiresAtMs && expiresAtMs <= nowMs + SESSION_MS;
}

function signatureOf(key: SessionKey, about: string): Buffer {
  return createHmac("sha256", key).update(about).digest();
}

/** The value of our cookie in a request; null if there is none, or more than one. */
export function cookieOf(header: string | null): string | null {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`));
  const [only, ...others] = values;
  return only === undefined || others.length > 0 ? null : only.slice(COOKIE_NAME.length + 1);
}

const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";

export function cookieHeader(value: string): string {
  return `${COOKIE_NAME}=${value}; Max-Age=${SESSION_MS / 1000}; ${ATTRIBUTES}`;
}

/** Clears the cookie of the browser that gets it. */
export const clearedCookie = `${COOKIE_NAME}=; Max-Age=0; ${ATTRIBUTES}`;
