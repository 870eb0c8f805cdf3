import { openSqlite } from "../../store/sqlite/open.ts";
import { searchable } from "./text.ts";

const WORD = /[\p{L}\p{N}\p{Co}]/u;
/** All words that begin with one letter: of a million conversations nearly all, found slowly. */
const ONE_LETTER_PREFIX = /(?<![\p{L}\p{N}\p{M}_])([\p{L}\p{N}]\p{M}*"?)\s*\*/gu;

/** Each is looked up by itself; if words are not spaced, each character is one. */
export const QUERY_WORDS_MAX = 64;
/** For each, all words that begin like it are gathered first. */
export const QUERY_PREFIXES_MAX = 8;

const WORDS = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{M}\p{Co}]*/gu;
const PREFIXES = /[\p{L}\p{N}\p{M}\p{Co}_"]\s*\*/gu;

/** Whether a query would keep all others waiting. */
export function isTooLong(query: string): boolean {
  const count = (what: RegExp) => searchable(query).match(what)?.length ?? 0;
  return count(WORDS) > QUERY_WORDS_MAX || count(PREFIXES) > QUERY_PREFIXES_MAX;
}

/**
 * Makes what reads a person's query: FTS5's own language if it can be read as that (words, "phrases", prefixes*,
 * AND, OR, NOT, NEAR, title: ...), else plain words, all of which have to be there.
 *
 * @returns an expression for the texts' columns, which can't fail; null for a query without a word, which finds nothing
 */
export function createQueryReader(): (query: string) => string | null {
  // An empty table with the columns that may be named: SQLite itself says what it understands.
  const sqlite = openSqlite(":memory:", "scratch");
  sqlite.run("CREATE VIRTUAL TABLE texts USING fts5(title, summary, turns)");
  const statement = sqlite.query("SELECT rowid FROM texts WHERE texts MATCH ?");

  const isUnderstood = (expression: string) => {
    try {
      statement.all(expression);
      return true;
    } catch {
      return false;
    }
  };

  return (query) => {
    if (!WORD.test(query)) return null;
    const text = searchable(query).replace(ONE_LETTER_PREFIX, "$1 ");
    // Asked alone first: within parentheses, a query could close them.
    return isUnderstood(text) && isUnderstood(inTexts(text)) ? inTexts(text) : inTexts(plainWords(text));
  };
}

function inTexts(expression: string): string {
  return `{title summary turns} : (${expression})`;
}

function plainWords(text: string): string {
  const words = text.replaceAll('"', " ").split(/\s+/);
  return words
    .filter((word) => WORD.test(word))
    .map((word) => `"${word}"`)
    .join(" ");
}
