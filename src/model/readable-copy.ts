// Two things can stand in JSON that not every reader of SQLite can take once it is text: half of a surrogate pair, which is
// not Unicode (Python's sqlite3 refuses the row), and NUL, where C strings end (the sqlite3 tool cuts the text there). Both
// can only be written as escapes: as bytes, neither is JSON in UTF-8.

/** Without one of these there is nothing to look for: a search for bytes, since every event is looked at. */
const BEGINNINGS = ["\\u0000", "\\ud", "\\uD"].map((text) => Buffer.from(text));
/** A pair, half of one, or NUL. */
const ESCAPES =
  /(\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})|\\u[dD][89a-fA-F][\da-fA-F]{2}|\\u0000/g;

/**
 * A copy of a payload that every reader can read: U+FFFD for what is no Unicode, and no NUL. Names of members stay.
 *
 * @param payload JSON in UTF-8
 * @returns null if the payload itself will do, as nearly always
 */
export function readableCopy(payload: Uint8Array): string | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (!BEGINNINGS.some((beginning) => bytes.includes(beginning))) return null;
  if (!hasOddEscape(bytes.toString("latin1"))) return null;
  return JSON.stringify(cleaned(JSON.parse(bytes.toString())));
}

function hasOddEscape(text: string): boolean {
  for (const { index, 1: pair } of text.matchAll(ESCAPES)) {
    // Behind a backslash that is escaped itself it is text: then the second half of what looks like a pair is alone.
    const isText = isEscaped(text, index);
    if (isText === (pair !== undefined)) return true;
  }
  return false;
}

/** Whether an odd number of backslashes is in front. */
function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text[first - 1] === "\\") first -= 1;
  return (index - first) % 2 === 1;
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "");
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, cleaned(inner)]));
}
