import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { sign, transcription } from "../helpers/deliveries.ts";

const HOUR_S = 3600;
const TOLERANCE_S = 1800;

let app: TestApp;
let nowSeconds: number;

beforeEach(async () => {
  nowSeconds = 1_793_620_900;
  app = await openTestApp({
    clock: { nowMs: () => nowSeconds * 1000, monotonicMs: () => performance.now() },
  });
});
afterEach(() => app.close());

const postSignedAt = async (body: string, timestamp: number) =>
  (await app.post(body, sign(body, { timestamp }))).status;

test.each([
  [-TOLERANCE_S - 1, 400],
  [-TOLERANCE_S, 200],
  [-TOLERANCE_S + 1, 200],
  [TOLERANCE_S - 1, 200],
  [TOLERANCE_S, 200],
  [TOLERANCE_S + 1, 400],
])("a delivery signed %d seconds from now is answered with %d", async (offset, status) => {
  expect(await postSignedAt(transcription("conv_1"), nowSeconds + offset)).toBe(status);
  expect(app.rows("SELECT id FROM events")).toHaveLength(status === 200 ? 1 : 0);
});

describe.each([
  ["forward", HOUR_S],
  ["back", -HOUR_S],
])("when the clock jumps an hour %s", (_, jump) => {
  test("deliveries count by the new time, and by the old one when it jumps back", async () => {
    const signedAt = nowSeconds;
    const body = transcription("conv_1");
    expect(await postSignedAt(body, signedAt)).toBe(200);
    nowSeconds += jump;
    expect(await postSignedAt(body, signedAt)).toBe(400);
    expect(await postSignedAt(transcription("conv_2"), nowSeconds)).toBe(200);
    nowSeconds -= jump;
    expect(await postSignedAt(transcription("conv_3"), signedAt)).toBe(200);
    expect(app.rows("SELECT received_at / 1000 AS at FROM events ORDER BY id")).toEqual([
      { at: signedAt },
      { at: signedAt + jump },
      { at: signedAt },
    ]);
  });

  test("a body on its way in is stored all the same", async () => {
    const body = transcription("conv_1");
    const halves = [body.slice(0, 50), body.slice(50)];
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const half = halves.shift();
          if (half === undefined) return controller.close();
          controller.enqueue(Buffer.from(half));
          if (halves.length === 1) nowSeconds += jump;
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "elevenlabs-signature": sign(body, { timestamp: nowSeconds }) };
    const { status } = await app.handle("/webhook", { method: "POST", headers, body: stream });
    expect(status).toBe(200);
    expect(Math.abs(nowSeconds - 1_793_620_900)).toBe(HOUR_S);
  });
});
