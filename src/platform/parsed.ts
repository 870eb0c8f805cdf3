/** A value read from text, or what is wrong with the text and what to write instead. */
export type Parsed<T, Problem = string> = { ok: true; value: T } | { ok: false; problem: Problem };
