import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { openSpool } from "../../../src/store/files/spool.ts";
import { decodeAudioText } from "../../../src/webhook/json/audio-text.ts";
import { readPieces } from "../../../src/webhook/body.ts";
import type { Body } from "../../../src/webhook/body.ts";
import { isQuarantine } from "../../../src/vendor/event.ts";
import { interpret, PARSED_BYTES_MAX } from "../../../src/webhook/interpret.ts";
import { storeRecording } from "../../../src/webhook/record.ts";
import { asBothBodies, memoryBody } from "../../helpers/bodies.ts";
import { eventFixtures, fixture } from "../../helpers/deliveries.ts";
import { temporaryFolder } from "../../helpers/folders.ts";
import { jsonText, mutated } from "../../helpers/json-text.ts";

const spool = await openSpool(temporaryFolder(), "transcripts.sqlite");
// For a failure to be shrunk to a small one.
const PROPERTY_MS_MAX = 120_000;

/** What is to come of a body: the code of its quarantine, or the recording's bytes in hex and what is left to be stored. */
type Reading = { code: string } | { recording: string | null; stored: unknown };

function textOf(payload: Uint8Array | null): string {
  if (payload === null) throw new Error("the payload is not in memory");
  return Buffer.from(payload).toString();
}

/** The reading by the program's own means, piece by piece. */
async function readingOf(body: Body): Promise<Reading> {
  const read = await interpret(body);
  if (isQuarantine(read)) return { code: read.code };
  const signed = { body, bodySha256: "", receivedAtMs: 0 };
  const refused = await storeRecording({ read, signed, recordings: null });
  if (refused !== null && isQuarantine(refused)) return { code: refused.code };

  const stored: unknown = JSON.parse(textOf(read.payload));
  if (read.audio === null) return { recording: null, stored };
  const decoded: Uint8Array[] = [];
  await decodeAudioText(readPieces(body, read.audio.start, read.audio.end), (bytes) => {
    decoded.push(Uint8Array.from(bytes));
  });
  return { recording: Buffer.concat(decoded).toHex(), stored };
}

/** The reading by JSON.parse and fromBase64, of the body as a whole. */
function expectedReading(bytes: Uint8Array): Reading {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return { code: "invalid_json" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { code: "invalid_json" };
  if (typeof value.type !== "string" || value.type === "") return { code: "invalid_json" };
  if (!/^(post_call|unredacted)_(audio|transcription)$/.test(value.type)) return { code: "unknown_type" };

  const data = Object.hasOwn(value, "data") ? (value.data as Record<string, unknown>) : value;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return { code: "invalid_payload" };
  if (typeof data.conversation_id !== "string" || data.conversation_id === "")
    return { code: "invalid_payload" };
  if (!value.type.endsWith("audio")) return { recording: null, stored: value };

  for (const name of ["full_audio", "audio_base64"]) {
    const text = data[name];
    if (!Object.hasOwn(data, name) || typeof text !== "string") continue;
    try {
      const recording = Uint8Array.fromBase64(text).toHex();
      data[name] = "";
      return { recording, stored: value };
    } catch {
      return { code: "invalid_payload" };
    }
  }
  return { recording: null, stored: value };
}

async function expectAgreement(bytes: Uint8Array): Promise<void> {
  await asBothBodies(spool, bytes, async (body) => {
    expect(await readingOf(body)).toEqual(expectedReading(bytes));
  });
}

const jsonBytes = jsonText().map((text) => new Uint8Array(Buffer.from(text)));

describe("agrees with JSON.parse and fromBase64", () => {
  test(
    "on documents spelled in every way",
    async () => {
      await fc.assert(fc.asyncProperty(jsonBytes, expectAgreement), { numRuns: 800 });
    },
    PROPERTY_MS_MAX,
  );

  test(
    "on documents with bytes inserted, deleted and changed",
    async () => {
      await fc.assert(fc.asyncProperty(mutated(jsonBytes), expectAgreement), { numRuns: 800 });
    },
    PROPERTY_MS_MAX,
  );

  test("on every documented event", async () => {
    for (const name of eventFixtures()) {
      const bytes = fixture(name);
      const { type } = JSON.parse(bytes.toString());
      if (/^post_call_(audio|transcription)$/.test(type)) await expectAgreement(bytes);
    }
  });

  test("wherever the border between two pieces of a file falls", async () => {
    const text = String.raw`{"type":"post_call_audio","d\u0061ta":{"conversation_id":"ö","full\u005faudio":"aGV\/b\u002b8="}}`;
    const bytes = Buffer.from(text);
    for (let before = 0; before <= bytes.byteLength; before += 1) {
      const padding = Buffer.alloc(256 * 1024 - before, " ");
      await expectAgreement(Buffer.concat([padding, bytes]));
    }
  });

  test.each([
    [
      "the name twice, the last one counts",
      '{"full_audio":"QQ==","full_audio":"Qg==","conversation_id":"c"}',
    ],
    ["the name twice, null at last", '{"full_audio":"QQ==","full_audio":null,"conversation_id":"c"}'],
    ["the name twice, the first one broken", '{"full_audio":"%","full_audio":"Qg==","conversation_id":"c"}'],
    ["both names", '{"audio_base64":"QQ==","full_audio":"Qg==","conversation_id":"c"}'],
    ["the older name beside null", '{"audio_base64":"QQ==","full_audio":null,"conversation_id":"c"}'],
    ["a number", '{"full_audio":5,"conversation_id":"c"}'],
    ["an object", '{"full_audio":{"full_audio":"QQ=="},"conversation_id":"c"}'],
    ["a list", '{"full_audio":["QQ=="],"conversation_id":"c"}'],
    ["nothing", '{"conversation_id":"c"}'],
    ["an empty text", '{"full_audio":"","conversation_id":"c"}'],
    [
      "an object inside that has the name",
      '{"conversation_id":"c","inner":{"full_audio":"QQ=="},"full_audio":"Qg=="}',
    ],
    ["data inside data", '{"conversation_id":"c","data":{"full_audio":"QQ=="}}'],
  ])("where data holds %s", async (_, data) => {
    await expectAgreement(Buffer.from(`{"type":"post_call_audio","data":${data}}`));
    await expectAgreement(Buffer.from(`{"type":"post_call_audio",${data.slice(1)}`));
  });

  test.each([
    ["data twice", '"data":{"full_audio":"QQ=="},"data":{"conversation_id":"c"}'],
    ["data twice, null at last", '"data":{"conversation_id":"c","full_audio":"QQ=="},"data":null'],
    ["data as a list", '"data":[{"conversation_id":"c","full_audio":"QQ=="}]'],
    ["a recording at the top too", '"full_audio":"QQ==","data":{"conversation_id":"c","full_audio":"Qg=="}'],
    ["a recording at the top only", '"full_audio":"QQ==","data":{"conversation_id":"c"}'],
    [
      "a broken string at the top too",
      String.raw`"full_audio":"\x","data":{"conversation_id":"c","full_audio":"Qg=="}`,
    ],
    ["a broken string as the recording", String.raw`"data":{"conversation_id":"c","full_audio":"\x"}`],
    ["bytes behind the end", '"data":{"conversation_id":"c","full_audio":"QQ=="}}{'],
    ["a recording without end", '"data":{"conversation_id":"c","full_audio":"QQ=='],
  ])("on an event with %s", async (_, members) => {
    await expectAgreement(Buffer.from(`{"type":"post_call_audio",${members}}`));
  });

  test.each([
    ["nothing", ""],
    ["a byte order mark", '\u{feff}{"type":"post_call_audio","data":{"conversation_id":"c"}}'],
    ["null", "null"],
    ["a string", '"post_call_audio"'],
    ["a list", '[{"type":"post_call_audio"}]'],
    ["an object without a type", '{"data":{"conversation_id":"c"}}'],
    ["an empty type", '{"type":"","data":{"conversation_id":"c"}}'],
    ["a type that is a number", '{"type":1}'],
    ["an unknown type", '{"type":"post_call_video","data":{"conversation_id":"c"}}'],
    ["no conversation", '{"type":"post_call_audio","data":{"full_audio":"QQ=="}}'],
  ])("on %s", async (_, text) => {
    await expectAgreement(Buffer.from(text));
  });
});

test("leaves nothing but the recording out of what is stored", async () => {
  const text =
    '{"type":"post_call_audio","full_audio":"top","data":{"conversation_id":"c","audio_base64":"old","full_audio":"QQ=="}}';
  await asBothBodies(spool, Buffer.from(text), async (body) => {
    const read = await interpret(body);
    expect(isQuarantine(read) ? read : textOf(read.payload)).toBe(text.replace("QQ==", ""));
  });
});

test("keeps the exact text of an event of another type, whatever its members are called", async () => {
  const text =
    '{ "type":"post_call_transcription", "data":{"conversation_id":"c","full_audio":"QQ==", "n":1.0} }\n';
  await asBothBodies(spool, Buffer.from(text), async (body) => {
    const read = await interpret(body);
    expect(isQuarantine(read) ? read : textOf(read.payload)).toBe(text);
  });
});

// The event and its data are two levels themselves.
const nested = (type: string, levels: number) =>
  Buffer.from(
    `{"type":"${type}","data":{"conversation_id":"c","x":${"[".repeat(levels - 2)}${"]".repeat(levels - 2)}}}`,
  );

describe("the nesting", () => {
  test.each(["post_call_transcription", "post_call_audio"])("of %s may be 1000 levels", async (type) => {
    await asBothBodies(spool, nested(type, 1000), async (body) => {
      expect(await interpret(body)).toMatchObject({ event: { conversationId: "c" } });
    });
  });

  test.each(["post_call_transcription", "post_call_audio"])("of %s may not be 1001 levels", async (type) => {
    await asBothBodies(spool, nested(type, 1001), async (body) => {
      expect(await interpret(body)).toMatchObject({
        code: "invalid_payload",
        reason: "nested deeper than 1000 levels",
        type,
        conversationId: "c",
      });
    });
  });

  test("may be any depth inside a string", async () => {
    const data = { conversation_id: "c", x: "[{".repeat(5000) };
    await asBothBodies(
      spool,
      Buffer.from(JSON.stringify({ type: "post_call_audio", data })),
      async (body) => {
        expect(await interpret(body)).toMatchObject({ event: { conversationId: "c" } });
      },
    );
  });
});

const event = (members: Record<string, unknown>) =>
  Buffer.from(JSON.stringify({ type: "post_call_audio", data: { conversation_id: "c", ...members } }));

describe("the size", () => {
  const big = "A".repeat(PARSED_BYTES_MAX);

  test("of a recording has no limit of its own", async () => {
    const read = await interpret(memoryBody(event({ full_audio: big })));
    expect(isQuarantine(read) ? read : textOf(read.payload)).toBe(event({ full_audio: "" }).toString());
  });

  test.each([
    ["of anything else", { note: big, full_audio: "QQ==" }],
    ["of a second recording", { audio_base64: big, full_audio: "QQ==" }],
  ])("%s is limited, and what it is is known", async (_, members) => {
    expect(await interpret(memoryBody(event(members)))).toMatchObject({
      code: "invalid_payload",
      reason: "more than 33554432 bytes of JSON",
      type: "post_call_audio",
      conversationId: "c",
    });
  });
});

test("of many strings under a recording's name the last one is the recording", async () => {
  const many = Array.from(
    { length: 100 },
    (_, index) => `"full_audio":"QQ=${index === 99 ? "=" : "%"}"`,
  ).join(",");
  await expectAgreement(Buffer.from(`{"type":"post_call_audio","data":{"conversation_id":"c",${many}}}`));
});
