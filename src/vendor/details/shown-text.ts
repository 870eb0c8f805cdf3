import { textAt } from "../json-value.ts";

/** Of a longer text the beginning is given: nobody reads more on a page, and the payload has it all. */
const CHARS_MAX = 100_000;

/** A text in the length that a person can read. */
export function shownTextAt(value: unknown, ...path: string[]): string | null {
  const text = textAt(value, ...path);
  return text === null || text.length <= CHARS_MAX ? text : `${text.slice(0, CHARS_MAX).toWellFormed()}…`;
}

/** True or false; null if it is neither. */
export function flagAt(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}
