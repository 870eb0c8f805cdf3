import { badAnswer } from "./judge.ts";
import { isObject, valueAt } from "../json-value.ts";
import type { JsonObject } from "../json-value.ts";

const ID_CHARS_MAX = 256;

/** Reads a JSON text that has to be an object. @throws RestError if it is not */
export function objectIn(answer: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    throw badAnswer("no JSON");
  }
  if (!isObject(value)) throw badAnswer("no JSON object");
  return value;
}

// Strict, unlike json-value.ts: what these read decides what is fetched, changed and deleted. Each throws a RestError that
// names the member.

export function text(from: unknown, ...path: string[]): string {
  const found = valueAt(from, ...path);
  if (typeof found === "string" && found !== "" && found.length <= ID_CHARS_MAX) return found;
  throw badAnswer(`${path.join(".")} is no text of 1 to ${ID_CHARS_MAX} characters`);
}

/** Seconds, or a count. */
export function whole(from: unknown, ...path: string[]): number {
  const found = valueAt(from, ...path);
  if (typeof found === "number" && Number.isSafeInteger(found) && found >= 0) return found;
  throw badAnswer(`${path.join(".")} is no whole number`);
}

export function flag(from: unknown, ...path: string[]): boolean {
  const found = valueAt(from, ...path);
  if (typeof found === "boolean") return found;
  throw badAnswer(`${path.join(".")} is neither true nor false`);
}

export function list(from: unknown, ...path: string[]): unknown[] {
  const found = valueAt(from, ...path);
  if (Array.isArray(found)) return found;
  throw badAnswer(`${path.join(".")} is no list`);
}

/** null where the answer has null or nothing. */
export function optional<T>(
  read: (from: unknown, ...path: string[]) => T,
  from: unknown,
  ...path: string[]
): T | null {
  return valueAt(from, ...path) === null || valueAt(from, ...path) === undefined ? null : read(from, ...path);
}

/** A conversation's status, also one of a later version of the API: safe to be logged. */
export function status(from: unknown): string {
  const found = text(from, "status");
  return /^[\w-]{1,32}$/.test(found) ? found : "unreadable";
}
