import type { ConversationRow } from "../../model/conversation.ts";
import { facetsOf, facetsWanted } from "../conversation-filter.ts";
import type { ConversationFilter } from "../conversation-filter.ts";
import type { Texts } from "../search/text.ts";

// The limits of a tsvector: a lexeme has up to 2 KB and 255 places, a place is at most 16,383, and all is under 1 MiB.
const LETTERS_MAX = 500;
const PLACES_MAX = 255;
const PLACE_MAX = 16_383;
const BYTES_MAX = 900 * 1024;
/** What Postgres adds to a lexeme at most, and takes for each place. */
const LEXEME_BYTES = 8;
const PLACE_BYTES = 2;

/** Of a conversation that has more: not all its places are known, only that a word is somewhere. */
export const OVERFULL = "'='";

/** No word has this sign, which facets begin with. */
const quotedFacet = (facet: string): string => `'=${facet}'`;

/** A word as it is stored and asked for. */
export function lexemeOf(word: string): string {
  return word.length > LETTERS_MAX ? word.slice(0, LETTERS_MAX).toWellFormed() : word;
}

/** The weights that stand for the columns. */
export const weights = { title: "A", summary: "B", turns: "C" } as const;

/** What is searched of a conversation, as a tsvector: what its filters ask for, and its words with their places. */
export function vectorOf(row: ConversationRow, texts: Texts, wordsOf: (text: string) => string[]): string {
  const places = new Map<string, string[]>();
  let bytes = 0;
  let place = 0;
  let isOverfull = false;

  function add(word: string, weight: string): void {
    const known = places.get(word);
    bytes += PLACE_BYTES + (known === undefined ? LEXEME_BYTES + Buffer.byteLength(word) : 0);
    place += 1;
    // The first place is always given: without one, the word would be in no column.
    if (known === undefined) places.set(word, [Math.min(place, PLACE_MAX) + weight]);
    else if (known.length < PLACES_MAX && place < PLACE_MAX) known.push(place + weight);
    isOverfull ||= place >= PLACE_MAX || known?.length === PLACES_MAX;
  }

  for (const column of ["title", "summary", "turns"] as const) {
    for (const word of wordsOf(texts[column])) {
      if (bytes >= BYTES_MAX) break;
      add(lexemeOf(word), weights[column]);
    }
    // No phrase goes on from one column into the next.
    place += 1;
  }
  const lexemes = [...places].map(([word, where]) => `'${word}':${where.join(",")}`);
  if (isOverfull) lexemes.push(OVERFULL);
  return [...new Set(facetsOf(row).map(quotedFacet)), ...lexemes].join(" ");
}

/** What a filter asks for, as tsqueries that all have to match. */
export function facetQueries(filter: ConversationFilter): string[] {
  return facetsWanted(filter).map((facets) => `(${facets.map(quotedFacet).join(" | ")})`);
}
