import { openSqlite } from "../../store/sqlite/open.ts";
import { SNIPPETS, TOKENIZER } from "../search/text.ts";
import type { Snippets, Texts } from "../search/text.ts";

/** Pieces of text whose words are remembered, unless they are long: those of a language are soon known. */
const KNOWN_MAX = 20_000;
const KNOWN_LETTERS_MAX = 100;

/** What SQLite's tokenizer ends words at, of ASCII; and the breaks that we put into Chinese and Japanese. */
const CHUNKS = /[A-Za-z0-9\u0080-\u200a\u200c-\u{10ffff}]+/gu;
const ASCII = /^[A-Za-z0-9]+$/;

export type Matcher = ReturnType<typeof createMatcher>;

/**
 * Has SQLite itself say what a text's words are and whether a query matches: with one conversation at a time, in memory.
 * Postgres finds those that may match, so both stores find the same.
 */
export function createMatcher() {
  const sqlite = openSqlite(":memory:", "scratch");
  sqlite.run(`CREATE VIRTUAL TABLE texts USING fts5(title, summary, turns, ${TOKENIZER})`);
  sqlite.run("CREATE VIRTUAL TABLE words USING fts5vocab(texts, 'instance')");
  const insert = sqlite.query("INSERT INTO texts (rowid, title, summary, turns) VALUES (?, ?, ?, ?)");
  const select = sqlite.query<Snippets, [string]>(`SELECT ${SNIPPETS} FROM texts WHERE texts MATCH ?`);
  const selectWords = sqlite.query<{ doc: number; term: string }, []>(
    "SELECT doc, term FROM words ORDER BY doc, offset",
  );
  const jsonValid = sqlite.query("SELECT json_valid(CAST(? AS TEXT))");
  const known = new Map<string, string[]>();

  /** Nothing of it stays in the table. */
  function briefly<T>(work: () => T): T {
    sqlite.run("BEGIN");
    try {
      return work();
    } finally {
      sqlite.run("ROLLBACK");
    }
  }

  function learn(chunks: string[]): void {
    if (chunks.length === 0) return;
    for (const chunk of chunks) known.set(chunk, []);
    briefly(() => {
      chunks.forEach((chunk, index) => insert.run(index, "", "", chunk.toWellFormed()));
      for (const { doc, term } of selectWords.all()) known.get(chunks[doc] ?? "")?.push(term);
    });
  }

  return {
    /** The words of a text, as the search knows them. */
    wordsOf(text: string): string[] {
      if (known.size > KNOWN_MAX) known.clear();
      const chunks = text.match(CHUNKS) ?? [];
      const odd = new Set(chunks.filter((chunk) => !ASCII.test(chunk) && !known.has(chunk)));
      learn([...odd]);
      const words = chunks.flatMap((chunk) =>
        ASCII.test(chunk) ? chunk.toLowerCase() : (known.get(chunk) ?? []),
      );
      for (const chunk of odd) if (chunk.length > KNOWN_LETTERS_MAX) known.delete(chunk);
      return words;
    },

    /** What a query finds in the texts of a conversation; null if it does not match. */
    match: (expression: string, { title, summary, turns }: Texts): Snippets | null =>
      briefly(() => {
        insert.run(1, title, summary, turns);
        return select.get(expression);
      }),

    /** Whether SQLite can read it as JSON. */
    isJson: (bytes: Uint8Array): boolean => jsonValid.values(bytes)[0]?.[0] === 1,
  };
}
