import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import vectorsFile from "../fixtures/signature_vectors.json" with { type: "json" };
import { SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

type Vector = (typeof vectorsFile.vectors)[number];

const OLD_SECRET = `wsec_${"fedcba9876543210".repeat(4)}`;
const VECTOR_SECRET = vectorsFile.vectors[0]?.secret ?? "";

let receiver: Receiver;

beforeAll(async () => {
  const ELEVENLABS_WEBHOOK_SECRET = [SECRET, OLD_SECRET, VECTOR_SECRET].join(", ");
  receiver = await startReceiver({ environment: { ELEVENLABS_WEBHOOK_SECRET } });
});

afterAll(() => receiver.stop());

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** The vector's header as it would be if its delivery arrived now: as old as it was, and as right or wrong. */
function headerNow({ secret, header, now, body_base64 }: Vector): string {
  const [, signedAt] = /t=(\d+)/.exec(header) ?? [];
  if (signedAt === undefined) return header;
  const body = Buffer.from(body_base64, "base64");
  const hash = (t: string) => createHmac("sha256", secret).update(`${t}.`).update(body).digest("hex");
  const moved = String(nowSeconds() - now + Number(signedAt));
  return header
    .replace(signedAt, moved)
    .replace(hash(signedAt), hash(moved))
    .replace(hash(signedAt).toUpperCase(), hash(moved).toUpperCase());
}

test("has vectors of the same secret", () => {
  expect(vectorsFile.vectors.length).toBeGreaterThan(15);
  expect(new Set(vectorsFile.vectors.map(({ secret }) => secret)).size).toBe(1);
});

test.each(vectorsFile.vectors.map((vector) => [vector.name, vector] as const))(
  "judges the signature of the vector %p as it should",
  async (_, vector) => {
    const { answer } = await receiver.post(Buffer.from(vector.body_base64, "base64"), headerNow(vector));
    const refusal = /^(signature_|timestamp_)/.test(answer.code ?? "");
    expect([refusal, answer]).toEqual([!vector.expect_valid_strict, answer]);
  },
);

test("accepts each of its secrets, and no other", async () => {
  const body = transcription("conv_rotation");
  expect((await receiver.post(body, sign(body, { secret: SECRET }))).status).toBe(200);
  expect((await receiver.post(body, sign(body, { secret: OLD_SECRET }))).status).toBe(200);
  expect((await receiver.post(body, sign(body, { secret: `${SECRET},${OLD_SECRET}` }))).status).toBe(401);
});

test("reads the header's parts in any order, with spaces, unknown parts and several v0", async () => {
  const body = transcription("conv_header");
  const [t = "", v0 = ""] = sign(body).split(",");
  const wrong = `v0=${"0".repeat(64)}`;
  const headers = [`${v0},${t}`, ` ${t} , ${v0} `, `x=1,${t},v1=2,${v0},junk`, [t, wrong, v0, wrong].join()];
  for (const header of headers)
    expect([header, (await receiver.post(body, header)).status]).toEqual([header, 200]);
});

const unsigned = transcription("conv_unsigned");
const [tNow = "", v0Now = ""] = sign(unsigned).split(",");
const malformed = { status: 401, code: "signature_malformed" };
const mismatch = { status: 401, code: "signature_mismatch" };
const expired = { status: 400, code: "timestamp_expired" };

test.each([
  ["no header", null, { status: 401, code: "signature_missing" }],
  ["an empty header", "", { status: 401, code: "signature_missing" }],
  ["a header without t", v0Now, malformed],
  ["a header with two t", `${tNow},${tNow},${v0Now}`, malformed],
  ["a t that is no number", `t=1e9,${v0Now}`, malformed],
  ["a header without v0", tNow, malformed],
  ["another scheme", `${tNow},${v0Now.replace("v0", "v1")}`, malformed],
  ["a header of 5 KB", `${tNow},${v0Now},x=${"y".repeat(5000)}`, malformed],
  ["another t than the signed one", `t=${nowSeconds() - 9},${v0Now}`, mismatch],
  ["upper-case hex", `${tNow},v0=${v0Now.slice(3).toUpperCase()}`, mismatch],
  ["a hash that is too short", `${tNow},${v0Now.slice(0, -2)}`, mismatch],
  ["another body's hash", sign(`${unsigned} `), mismatch],
  ["a timestamp that is too old", sign(unsigned, { timestamp: nowSeconds() - 1802 }), expired],
  ["a timestamp too far ahead", sign(unsigned, { timestamp: nowSeconds() + 1900 }), expired],
])("refuses %s and keeps nothing", async (_, header, { status, code }) => {
  const answered = await receiver.post(unsigned, header);
  expect([answered.status, answered.answer.code]).toEqual([status, code]);
  expect(Object.keys(answered.answer)).toEqual(["error", "code"]);
  expect(receiver.rows("SELECT 1 FROM events WHERE conversation_id = 'conv_unsigned'")).toEqual([]);
});
