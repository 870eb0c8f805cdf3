/** A row of an index has to fit on a third of a page. */
const ID_BYTES_MAX = 1000;

/** A text as Postgres takes it: NUL, which it refuses, and lone surrogates become U+FFFD. */
export function cleanText(text: string): string {
  return text.replaceAll("\0", "\u{FFFD}").toWellFormed();
}

/** An id as a column has it; null if it is too long for an index, so that nothing is stored under it. */
export function storedId(id: string | null): string | null {
  if (id === null) return null;
  const clean = cleanText(id);
  return Buffer.byteLength(clean) > ID_BYTES_MAX ? null : clean;
}
