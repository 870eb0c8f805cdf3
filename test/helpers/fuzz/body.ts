import { audio, eventFixtures, fixture, transcription } from "../deliveries.ts";
import type { Random } from "./random.ts";

const FIXTURE_BYTES_MAX = 16 * 1024;
const LARGE_BYTES = 300_000;

const fixtures = eventFixtures()
  .map((name) => fixture(name))
  .filter(({ byteLength }) => byteLength <= FIXTURE_BYTES_MAX);

const IDS = [
  "../../etc/passwd",
  "/etc/passwd",
  "..",
  ".",
  "a/b",
  "conv\0nul",
  "__proto__",
  "constructor",
  "CONV_CASE",
  "conv_case",
  "Conv_Case",
  "con",
  "-rf",
  "%2e%2e%2f",
  "\ud800",
  "é",
  " ",
  "x".repeat(129),
  "x".repeat(20_000),
];

// Texts that are put in front of a quote, a brace or a comma somewhere.
const INSERTS = [
  '"__proto__":{"type":"post_call_audio","conversation_id":"x"},',
  '"constructor":{"prototype":{"x":1}},',
  '"type":"post_call_audio",',
  '"type":"unheard_of",',
  '"conversation_id":"conv_again",',
  '"data":{},',
  '"full_audio":"AAAA",',
  '"event_timestamp":1e999,',
  '"event_timestamp":1.5,',
  '"x":-0,',
  `"deep":${"[".repeat(1200)}${"]".repeat(1200)},`,
  "\0",
  "\ufeff",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "[",
  "}",
];
const VALUES = ["null", "[]", "{}", '""', "0", "1e400", "-1", "true", '"x"', '["x"]', '{"a":{}}', "NaN"];
const BROKEN_BYTES = [0x00, 0xff, 0xc0, 0xed, 0x80, 0x22, 0x5c, 0x7b, 0x7d, 0x2c];

type Mutation = (body: Buffer, random: Random) => Buffer;

const spliced = (body: Buffer, at: number, removed: number, added: string | Uint8Array) =>
  Buffer.concat([body.subarray(0, at), Buffer.from(added), body.subarray(at + removed)]);

const mutations: Mutation[] = [
  (body, random) => spliced(body, random.below(body.length), 1, Uint8Array.of(random.oneOf(BROKEN_BYTES))),
  (body, random) => spliced(body, random.below(body.length), 1, Uint8Array.of(random.below(256))),
  (body, random) => spliced(body, random.below(body.length), random.below(8), ""),
  (body, random) => body.subarray(0, random.below(body.length)),
  (body, random) => spliced(body, body.length, 0, random.oneOf(["\n", "\0", "{}", "x", " "])),
  (body, random) => spliced(body, 0, 0, random.oneOf(["\ufeff", " ", "\0", "["])),
  (body, random) => insertedBefore(body, random.oneOf(['"', "{", ",", "}"]), random),
  (body, random) => insertedBefore(body, '"', random),
  (body, random) =>
    Buffer.from(
      body
        .toString()
        .replace(/:\s*("[^"]*"|\d+)/g, (m) => (random.chance(0.05) ? `:${random.oneOf(VALUES)}` : m)),
    ),
  (body, random) => spliced(body, random.below(body.length), 0, random.oneOf(fixtures).subarray(0, 200)),
  (body) => Buffer.from(body.toString().padEnd(LARGE_BYTES)),
];

function insertedBefore(body: Buffer, mark: string, random: Random): Buffer {
  const from = random.below(body.length);
  const at = body.indexOf(mark, from);
  return spliced(body, at === -1 ? 0 : at + random.below(2), 0, random.oneOf(INSERTS));
}

/** A body as ElevenLabs might send it, of ids that it never has. */
export function freshBody(random: Random, index: number): Buffer {
  const id = random.chance(0.3) ? random.oneOf(IDS) : `conv_${index}`;
  if (random.chance(0.05)) return Buffer.from(audio(id, Buffer.alloc(random.below(3000), index)));
  if (random.chance(0.5)) return random.oneOf(fixtures);
  return Buffer.from(transcription(id, { index }));
}

/** The same, changed in up to four places. */
export function mutatedBody(fresh: Buffer, random: Random): Buffer {
  let body = fresh;
  for (let count = random.oneOf([0, 1, 1, 1, 2, 4]); count > 0 && body.length > 0; count -= 1) {
    // Large bodies take a way of their own, and time.
    const last = random.chance(0.02) ? mutations.length : mutations.length - 1;
    body = random.oneOf(mutations.slice(0, last))(body, random);
  }
  return body;
}
