type Escapes = "kept" | "minimal" | "ascii" | "ascii and slashes" | "slashes" | "HTML" | ".NET";

/** How JSON text is written: every serialiser has its own way. */
export type JsonStyle = {
  layout: "compact" | "spaced" | "indented by 1" | "indented by 2" | "indented by 4" | "indented by tabs";
  isSorted: boolean;
  escapes: Escapes;
  /** `rewritten`: 1 for 1.0. `Python`: 1.0 for 1, 1e-05 for 0.00001 */
  numbers: "kept" | "rewritten" | "Python";
};

type Node =
  /** `name` is that of the member that it is in, itself or in lists. */
  | { kind: "scalar"; text: string; name: string }
  | { kind: "array"; items: Node[] }
  | { kind: "object"; members: { key: string; value: Node }[] };

const DEPTH_MAX = 500;
/** Of a longer text the strings and numbers are kept as they are: to rewrite a recording takes too long. */
export const EVERY_STYLE_CHARS_MAX = 4 * 1024 ** 2;
/** Of a longer one, those that have lost the points of their numbers are not looked for by trial. */
const TRIED_CHARS_MAX = 256 * 1024;
// Written so that a string takes a step per escape, not per character: a recording is one string of many megabytes.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

const minimal = (token: string) => JSON.stringify(JSON.parse(token));
const ascii = (token: string) => toAscii(minimal(token), false);

/** Ways to write a string: those of JavaScript, Python, PHP, Go and .NET among them. */
const escapes: readonly (readonly [Escapes, (token: string) => string])[] = [
  ["kept", (token) => token],
  ["minimal", minimal],
  ["ascii", ascii],
  ["ascii and slashes", (token) => ascii(token).replaceAll("/", "\\/")],
  ["slashes", (token) => minimal(token).replaceAll("/", "\\/")],
  ["HTML", (token) => minimal(token).replace(/[<>&\u2028\u2029]/g, (found) => unicodeEscape(found, false))],
  [
    ".NET",
    (token) => {
      const quoted = minimal(token).slice(1, -1).replaceAll('\\"', "\\u0022");
      const html = quoted.replace(/[<>&'+`]/g, (found) => unicodeEscape(found, true));
      return `"${toAscii(html, true)}"`;
    },
  ],
];

const layouts: readonly (readonly [
  JsonStyle["layout"],
  indent: string | null,
  comma: string,
  colon: string,
])[] = [
  ["compact", null, ",", ":"],
  ["spaced", null, ", ", ": "],
  ["indented by 1", " ", ",", ": "],
  ["indented by 2", "  ", ",", ": "],
  ["indented by 4", "    ", ",", ": "],
  ["indented by tabs", "\t", ",", ": "],
];

/** Writes a JSON text in every usual way, the likeliest first; nothing if it is not JSON. */
export function* jsonLayouts(text: string): Generator<{ style: JsonStyle; text: string }> {
  const root = readTree(text);
  if (root === null) return;
  if (text.length > EVERY_STYLE_CHARS_MAX) {
    yield* inEveryLayout(root, (token) => token, { escapes: "kept", numbers: "kept" });
    return;
  }
  const seen = new Set<bigint | number>();
  for (const [name, escape] of escapes) {
    for (const [numbers, writeNumber] of numberStyles(root, text.length)) {
      const write = (token: string, member: string) =>
        token.startsWith('"') ? escape(token) : writeNumber(token, member);
      // Most texts have nothing to escape: what comes out the same is not tried again.
      const hash = Bun.hash(print(root, { write, isSorted: false, indent: null, comma: ",", colon: ":" }));
      if (seen.has(hash)) continue;
      seen.add(hash);
      yield* inEveryLayout(root, write, { escapes: name, numbers });
    }
  }
}

function* inEveryLayout(
  root: Node,
  write: Write,
  scalars: Pick<JsonStyle, "escapes" | "numbers">,
): Generator<{ style: JsonStyle; text: string }> {
  for (const isSorted of [false, true]) {
    for (const [layout, indent, comma, colon] of layouts) {
      const style = { ...scalars, layout, isSorted };
      yield { style, text: print(root, { write, isSorted, indent, comma, colon }) };
    }
  }
}

type Write = (token: string, name: string) => string;

/** Ways to write a number, or what else is no string. */
function numberStyles(root: Node, charCount: number): (readonly [JsonStyle["numbers"], Write])[] {
  const names = new Set<string>();
  collectNames(root, names);
  const sets = wholeFloats(names).slice(0, charCount > TRIED_CHARS_MAX ? 1 : undefined);
  return [
    ["kept", (token) => token],
    ["rewritten", (token) => JSON.stringify(JSON.parse(token))],
    ...sets.map((floats): [JsonStyle["numbers"], Write] => [
      "Python",
      (token, name) => pythonNumber(token, floats.has(name)),
    ]),
  ];
}

/** The names of the members with whole numbers. */
function collectNames(node: Node, names: Set<string>): void {
  if (node.kind === "scalar") {
    if (isWholeNumber(node.text)) names.add(node.name);
    return;
  }
  const inner = node.kind === "array" ? node.items : node.members.map(({ value }) => value);
  for (const value of inner) collectNames(value, names);
}

type Form = {
  write: Write;
  isSorted: boolean;
  indent: string | null;
  comma: string;
  colon: string;
};

function print(node: Node, form: Form, depth = 0): string {
  if (node.kind === "scalar") return form.write(node.text, node.name);
  const [open, close] = node.kind === "object" ? "{}" : "[]";
  const inner =
    node.kind === "array"
      ? node.items.map((item) => print(item, form, depth + 1))
      : sorted(node.members, form.isSorted).map(
          ({ key, value }) => `${form.write(key, "")}${form.colon}${print(value, form, depth + 1)}`,
        );
  if (inner.length === 0) return `${open}${close}`;
  if (form.indent === null) return `${open}${inner.join(form.comma)}${close}`;
  const line = `\n${form.indent.repeat(depth)}`;
  return `${open}${line}${form.indent}${inner.join(`${form.comma}${line}${form.indent}`)}${line}${close}`;
}

function sorted<Member extends { key: string }>(members: Member[], isSorted: boolean): Member[] {
  return isSorted ? members.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))) : members;
}

/** Keeps every token as it was written: JSON.parse would lose `1.0`, `\/` and a repeated key. */
function readTree(text: string): Node | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(TOKEN) ?? [];
  let next = 0;

  const readNode = (depth: number, name: string): Node | null => {
    const token = tokens[next++] ?? "";
    if (depth > DEPTH_MAX) return null;
    if (token !== "{" && token !== "[") return { kind: "scalar", text: token, name };
    const items: Node[] = [];
    const members: { key: string; value: Node }[] = [];
    while (tokens[next] !== "}" && tokens[next] !== "]") {
      if (tokens[next] === ",") next += 1;
      const key = tokens[next] ?? "";
      if (token === "{") next += 2;
      const value = readNode(depth + 1, token === "{" ? key.slice(1, -1) : name);
      if (value === null) return null;
      if (token === "{") members.push({ key, value });
      else items.push(value);
    }
    next += 1;
    return token === "{" ? { kind: "object", members } : { kind: "array", items };
  };
  return readNode(0, "");
}

function toAscii(text: string, isUpperCase: boolean): string {
  return text.replace(/[\u007f-\uffff]/g, (character) => unicodeEscape(character, isUpperCase));
}

function unicodeEscape(character: string, isUpperCase: boolean): string {
  const hex = character.charCodeAt(0).toString(16).padStart(4, "0");
  return `\\u${isUpperCase ? hex.toUpperCase() : hex}`;
}

/** What ElevenLabs, whose service is in Python, writes as a number with a point: `1.0` for 1 as well. */
const DOCUMENTED =
  "audio_duration_secs audio_output_seconds charge_per_feature cost_fiat elapsed_time end free_llm_dollars_consumed " +
  "free_minutes_consumed language_probability llm_price logprob platform_price price price_per_feature quantity " +
  "queue_wait_secs rag_latency_secs similarity_boost speed stability start step_latency_secs tool_latency_secs " +
  "total_audio_input_seconds total_audio_output_seconds traffic_percentage vector_distance";
const documented: ReadonlySet<string> = new Set(DOCUMENTED.split(" "));

/** Always whole, and in every event. */
const WHOLE = "event_timestamp";
const OTHERS_MAX = 8;
/** Python writes smaller ones with an exponent, JavaScript those below 0.000001. */
const DECIMAL_MIN = 1e-4;
const WHOLE_NUMBER = /^-?\d+$/;
const NUMBER = /^-?\d/;

/**
 * Which members' whole numbers may have had a point before something that has one kind of number, as JavaScript has,
 * wrote them again: the documented ones, one other with them, or all.
 *
 * @param names of the members with whole numbers
 */
function wholeFloats(names: ReadonlySet<string>): ReadonlySet<string>[] {
  const known = [...names].filter((name) => documented.has(name));
  const others = [...names].filter((name) => !documented.has(name) && name !== WHOLE);
  const sets = [
    known,
    ...others.slice(0, OTHERS_MAX).map((name) => known.concat(name)),
    known.concat(others),
  ];
  return sets.map((set) => new Set(set));
}

function isWholeNumber(token: string): boolean {
  return WHOLE_NUMBER.test(token);
}

/** A number, or what else is no string, as Python writes it. */
function pythonNumber(token: string, isFloat: boolean): string {
  if (WHOLE_NUMBER.test(token)) return isFloat ? `${token}.0` : token;
  if (!NUMBER.test(token) || Math.abs(Number(token)) >= DECIMAL_MIN) return token;
  return Number(token)
    .toExponential()
    .replace(/e-(\d)$/, "e-0$1");
}
