import type { ConversationRow } from "../../model/conversation.ts";
import type { StoredTurn } from "../../model/turn.ts";

/** What is indexed of a conversation's turns: more than anybody says in a day. */
const TURNS_CHARS_MAX = 4 * 1024 * 1024;

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const BESIDE_UNSPACED =
  /(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])|(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/gu;
const BREAK = "\u200b";

/** Some words around what was found in each column, or its beginning. */
export type Snippets = { title: string; summary: string; turns: string };

/** Noncharacters of Unicode: no text has them. */
export const MATCH_START = "\ufdd0";
export const MATCH_END = "\ufdd1";

const SNIPPET_WORDS = 24;
const snippetOf = (name: keyof Snippets, column: number) =>
  `snippet(texts, ${column}, '${MATCH_START}', '${MATCH_END}', '…', ${SNIPPET_WORDS}) AS ${name}`;

/** Snippets in SQL, out of a table whose first columns are title, summary and turns. */
export const SNIPPETS = [snippetOf("title", 0), snippetOf("summary", 1), snippetOf("turns", 2)].join(", ");

/** How FTS5 takes texts apart. */
export const TOKENIZER = "tokenize = 'unicode61 remove_diacritics 2'";

/**
 * A text as it is indexed and searched. SQLite's tokenizer ends words at spaces and punctuation, which Chinese and
 * Japanese do without: invisible breaks make each of their characters a word, so that parts of a sentence are found.
 */
export function searchable(text: string): string {
  const clean = text.replaceAll("\0", " ");
  return UNSPACED.test(clean) ? clean.replace(BESIDE_UNSPACED, BREAK) : clean;
}

/** What is searched of a conversation. */
export type Texts = { title: string; summary: string; turns: string };

/** The texts of a conversation, as the index has them. */
export function textsOf({ title, summary }: ConversationRow, turns: StoredTurn[]): Texts {
  const said = turns.flatMap(({ message }) => message ?? []).join("\n");
  return {
    title: searchable(title ?? ""),
    summary: searchable(summary ?? ""),
    turns: searchable(said.slice(0, TURNS_CHARS_MAX).toWellFormed()),
  };
}

/** A snippet as HTML, `<mark>` around what was found; null if nothing was. */
export function markedUp(snippet: string): string | null {
  if (!snippet.includes(MATCH_START)) return null;
  return Bun.escapeHTML(snippet.replaceAll(BREAK, ""))
    .replaceAll(MATCH_START, "<mark>")
    .replaceAll(MATCH_END, "</mark>");
}

/** A part of a text, and whether it is what was found. */
export type Segment = { text: string; isMatch: boolean };

/** A snippet as plain text in parts; null if nothing was found in it. */
export function segmentsOf(snippet: string): Segment[] | null {
  if (!snippet.includes(MATCH_START)) return null;
  return snippet
    .replaceAll(BREAK, "")
    .split(MATCH_START)
    .flatMap((part, index) => {
      const [match = "", rest = ""] = index === 0 ? ["", part] : part.split(MATCH_END);
      return [
        { text: match, isMatch: true },
        { text: rest, isMatch: false },
      ];
    })
    .filter(({ text }) => text !== "");
}
