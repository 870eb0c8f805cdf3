import { Type } from "@sinclair/typebox";
import type { Parameter } from "./parameters.ts";

/** Where a page ended: the values that its order is made of. */
export type Position = (string | number | null)[];

const CURSOR_CHARS_MAX = 4096;

/**
 * Makes the cursor that continues a list. It belongs to one list with the same filters: elsewhere it is refused.
 *
 * @param scope what tells this list from others: its name, and its filters as text
 */
export function cursorOf(position: Position, scope: string): string {
  return Buffer.from(JSON.stringify([scopeMark(scope), ...position])).toString("base64url");
}

/** Where to go on; null if the cursor is none of this list. */
export function positionOf(cursor: string, scope: string): Position | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parsed) || parsed[0] !== scopeMark(scope)) return null;
  const position: unknown[] = parsed.slice(1);
  return position.every(isPositionValue) ? position : null;
}

/** What a request continues with. Its text is looked at by `positionOf`, when the filters are known. */
export const cursorParameter: Parameter<string> = {
  description: "`next_cursor` of the page before, with the same filters.",
  schema: Type.String(),
  read: (text) =>
    text.length <= CURSOR_CHARS_MAX ? { value: text } : { expected: "the next_cursor of an earlier answer" },
};

function isPositionValue(value: unknown): value is string | number | null {
  return value === null || typeof value === "string" || typeof value === "number";
}

function scopeMark(scope: string): string {
  return new Bun.CryptoHasher("sha256").update(scope).digest("base64url").slice(0, 12);
}
