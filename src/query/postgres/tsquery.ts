import { lexemeOf, OVERFULL, weights } from "./words.ts";

// FTS5's language, https://www.sqlite.org/fts5.html#full_text_query_syntax, in that of Postgres. What comes out finds all
// that matches, and perhaps more: each one found is matched by SQLite then. So what Postgres can't say, as NEAR, is said
// less strictly.

type Word = { text: string; isBeginning: boolean };
type Expression =
  | { kind: "and" | "or" | "not"; left: Expression; right: Expression }
  /** Words that follow each other. `isLoose`: there is more to it. */
  | { kind: "phrase"; words: Word[]; columns: string; isLoose: boolean };

const TOKENS = /"(?:[^"]|"")*"|[A-Za-z0-9_\u0080-\u{10ffff}]+|[^\s]/gu;
const EVERYWHERE = Object.values(weights).join("");

type WordsOf = (text: string) => string[];

/**
 * Translates a query that SQLite understands.
 *
 * @returns null if it asks for no word, and so finds nothing
 */
export function tsqueryOf(query: string, wordsOf: WordsOf): string | null {
  const expression = parse(query.match(TOKENS) ?? [], wordsOf);
  const strict = translate(expression, { isStrict: true, isUpper: true });
  const loose = translate(expression, { isStrict: false, isUpper: true });
  if (strict === loose || loose === null) return strict;
  return `(${strict} | (${OVERFULL} & ${loose}))`;
}

function parse(tokens: string[], wordsOf: WordsOf): Expression {
  let at = 0;

  function takes(token: string): boolean {
    if (tokens[at] !== token) return false;
    at += 1;
    return true;
  }

  /** To behind a sign; to the end if it is not there, as SQLite would not have it. */
  function goBehind(token: string): void {
    const found = tokens.indexOf(token, at);
    at = found === -1 ? tokens.length : found + 1;
  }

  /** The operator that binds least comes first. */
  function binary(columns: string, [operator, ...tighter]: ("or" | "and" | "not")[]): Expression {
    if (operator === undefined) return several(columns);
    let left = binary(columns, tighter);
    while (takes(operator.toUpperCase())) {
      left = { kind: operator, left, right: binary(columns, tighter) };
    }
    return left;
  }

  const whole = (columns: string) => binary(columns, ["or", "and", "not"]);

  /** What stands side by side has to be there together. */
  function several(columns: string): Expression {
    let all = one(columns);
    while (at < tokens.length && !["OR", "AND", "NOT", ")"].includes(tokens[at] ?? "")) {
      all = { kind: "and", left: all, right: one(columns) };
    }
    return all;
  }

  function one(columns: string): Expression {
    const named =
      tokens[at] === "{" || tokens[at] === "-" || tokens[at + 1] === ":" ? columnSet() : EVERYWHERE;
    const within = [...columns].filter((column) => named.includes(column)).join("");
    if (takes("(")) {
      const inner = whole(within);
      takes(")");
      return inner;
    }
    if (tokens[at] === "NEAR" && tokens[at + 1] === "(") return near(within);
    return phrase(within, takes("^"));
  }

  function columnSet(): string {
    const isComplement = takes("-");
    const names = takes("{") ? tokens.slice(at, tokens.indexOf("}", at)) : tokens.slice(at, at + 1);
    goBehind(":");
    const named = new Set(names.map((name) => unquoted(name).toLowerCase()));
    return Object.entries(weights)
      .flatMap(([name, weight]) => (named.has(name) === isComplement ? [] : weight))
      .join("");
  }

  function near(columns: string): Expression {
    at += 2;
    let all = phrase(columns, true);
    while (at < tokens.length && ![",", ")"].includes(tokens[at] ?? "")) {
      all = { kind: "and", left: all, right: phrase(columns, true) };
    }
    goBehind(")");
    return all;
  }

  function phrase(columns: string, isLoose: boolean): Expression {
    const words: Word[] = [];
    do {
      const texts = wordsOf(unquoted(tokens[at++] ?? ""));
      const isBeginning = takes("*");
      texts.forEach((text, index) =>
        words.push({ text, isBeginning: isBeginning && index === texts.length - 1 }),
      );
    } while (takes("+"));
    return { kind: "phrase", words, columns, isLoose };
  }

  return whole(EVERYWHERE);
}

function unquoted(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
}

/**
 * - `isStrict`: for conversations of which all places are known
 * - `isUpper`: finds all that matches; if not, nothing that does not match
 *
 * @returns null if nothing is found by it
 */
type Bounds = { isStrict: boolean; isUpper: boolean };

function translate(expression: Expression, bounds: Bounds): string | null {
  if (expression.kind === "phrase") return translatePhrase(expression, bounds);
  const { kind } = expression;
  const left = translate(expression.left, bounds);
  if (kind === "not") {
    const right = translate(expression.right, { ...bounds, isUpper: !bounds.isUpper });
    return left === null || right === null ? left : `(${left} & !${right})`;
  }
  const right = translate(expression.right, bounds);
  if (left !== null && right !== null) return `(${left} ${kind === "or" ? "|" : "&"} ${right})`;
  // A phrase without a word is left out of those side by side with others.
  return kind === "or" || bounds.isUpper ? (left ?? right) : null;
}

function translatePhrase(
  { words, columns, isLoose }: Expression & { kind: "phrase" },
  { isStrict, isUpper }: Bounds,
): string | null {
  if (words.length === 0 || columns === "") return null;
  const isCut = words.some(({ text }) => lexemeOf(text) !== text);
  const isAll = columns === EVERYWHERE;
  const saysAll = !isLoose && !isCut && (isStrict || (words.length === 1 && isAll));
  if (!isUpper && !saysAll) return null;
  const lexemes = words.map(({ text, isBeginning }) => {
    const marks = (isBeginning ? "*" : "") + (isStrict && !isAll ? columns : "");
    return `'${lexemeOf(text)}'${marks === "" ? "" : `:${marks}`}`;
  });
  return `(${lexemes.join(isStrict ? " <-> " : " & ")})`;
}
