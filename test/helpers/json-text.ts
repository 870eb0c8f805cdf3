import * as fc from "fast-check";

// Texts of JSON that mean a recording or nearly do, spelled in every way that JSON allows.

type Pick = (max: number) => number;

const SPACES = ["", "", "", " ", "\n", "\r\n\t", "  "];
const NAMES = [
  "full_audio",
  "audio_base64",
  "data",
  "full_audio",
  "data",
  "x",
  "",
  "Full_audio",
  "__proto__",
  "full_audi",
  "ä",
  "n".repeat(80),
];
const AUDIO_NAMES = ["full_audio", "full_audio", "audio_base64"];
const SCALARS = [
  "null",
  "true",
  "0",
  "-1.5e3",
  '""',
  '"text"',
  '"\\ud83d\\ude00 é"',
  '"\\\\"',
  '"\\""',
  "[]",
  "{}",
];
const TYPES = [
  "post_call_audio",
  "post_call_audio",
  "post_call_audio",
  "post_call_audio",
  "unredacted_audio",
  "post_call_transcription",
  "unknown",
];
// White space that base64 skips, in the spellings that JSON has for it.
const BETWEEN = ["\\n", "\\r\\n", " ", "\\t", "\\u0020", "\\f"];
const NOT_BASE64 = ["-", "_", "=", "%", "é", "\\u00e9", "\\b", "\\u0000"];

/** A document, mostly an audio event. */
export function jsonText(): fc.Arbitrary<string> {
  return fc.gen().map((generate) => {
    const pick: Pick = (max) => generate(fc.nat, { max });
    return documentText(pick);
  });
}

function documentText(pick: Pick): string {
  const members: Member[] = [...someMembers(pick, 2), ['"type"', spell(oneOf(pick, TYPES), pick)]];
  const form = pick(5);
  if (form === 0) members.push(...conversationMembers(pick));
  else members.push([spell("data", pick), objectText(shuffled(conversationMembers(pick), pick), pick)]);
  if (form === 1) members.push([spell("data", pick), objectText(conversationMembers(pick), pick)]);
  return space(pick) + objectText(shuffled(members, pick), pick) + space(pick);
}

function conversationMembers(pick: Pick): Member[] {
  const members: Member[] = [...someMembers(pick, 3), ['"conversation_id"', '"conv_1"']];
  if (pick(2) > 0) members.push([spell(oneOf(pick, AUDIO_NAMES), pick), base64Text(pick)]);
  return members;
}

type Member = readonly [name: string, value: string];

function someMembers(pick: Pick, max: number): Member[] {
  return Array.from({ length: pick(max) }, () => [spell(oneOf(pick, NAMES), pick), valueText(pick, 3)]);
}

function valueText(pick: Pick, levels: number): string {
  const kind = pick(9);
  if (kind <= 3) return base64Text(pick);
  if (kind === 5 && levels > 0)
    return objectText(
      Array.from({ length: pick(2) }, () => [spell(oneOf(pick, NAMES), pick), valueText(pick, levels - 1)]),
      pick,
    );
  if (kind === 6 && levels > 0) {
    const values = Array.from({ length: pick(2) }, () => valueText(pick, levels - 1));
    return `[${values.map((value) => space(pick) + value).join(`${space(pick)},`)}${space(pick)}]`;
  }
  return oneOf(pick, SCALARS);
}

function objectText(members: readonly Member[], pick: Pick): string {
  const texts = members.map(
    ([name, value]) => `${space(pick)}${name}${space(pick)}:${space(pick)}${value}${space(pick)}`,
  );
  return `{${texts.join(",")}${members.length === 0 ? space(pick) : ""}}`;
}

/** A JSON string of base64, or of something close to it. */
function base64Text(pick: Pick): string {
  const bytes = Uint8Array.from({ length: pick(20) }, () => 248 + pick(7));
  let text = bytes.toBase64();
  if (pick(3) === 0) text = text.replace(/=+$/, "");
  const characters = Array.from(text, (character) => spellCharacter(character, pick));
  if (pick(3) === 0) characters.splice(pick(characters.length), 0, oneOf(pick, BETWEEN));
  if (pick(9) === 0) characters.splice(pick(characters.length), 0, oneOf(pick, NOT_BASE64));
  if (pick(9) === 0) characters.splice(pick(characters.length), 1);
  return `"${characters.join("")}"`;
}

function spell(text: string, pick: Pick): string {
  return `"${Array.from(text, (character) => spellCharacter(character, pick)).join("")}"`;
}

/** Plain, or with one of the escapes that mean the same. */
function spellCharacter(character: string, pick: Pick): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  switch (pick(12)) {
    case 0:
      return `\\u${code}`;
    case 1:
      return `\\u${code.toUpperCase()}`;
    case 2:
      return character === "/" ? "\\/" : character;
    default:
      return character;
  }
}

const space = (pick: Pick): string => oneOf(pick, SPACES);

function oneOf<T>(pick: Pick, choices: readonly [T, ...T[]] | readonly T[]): T {
  const choice = choices[pick(choices.length - 1)];
  if (choice === undefined) throw new Error("nothing to choose from");
  return choice;
}

function shuffled<T>(items: readonly T[], pick: Pick): T[] {
  const result: T[] = [];
  for (const item of items) result.splice(pick(result.length), 0, item);
  return result;
}

/** The same bytes with a few inserted, deleted or changed. */
export function mutated(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[]:,u0 =\nAz+/AZ')), fc.nat({ max: 255 }));
  const edit = fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom("insert", "delete", "change"),
    byte,
  });
  return fc.tuple(bytes, fc.array(edit, { minLength: 1, maxLength: 2 })).map(([original, edits]) => {
    const result = Array.from(original);
    for (const { place, kind, byte: value } of edits) {
      const index = Math.floor(place * result.length);
      if (kind === "insert") result.splice(index, 0, value);
      else if (kind === "delete") result.splice(index, 1);
      else result[index] = value;
    }
    return Uint8Array.from(result);
  });
}
