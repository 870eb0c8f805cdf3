import { expect, test } from "bun:test";
import { streamOf } from "../../../src/http/lib/responses.ts";

const PIECE = new Uint8Array(1000);

/** Pieces without end, and what became of their making. */
async function endless() {
  const seen = { made: 0, isEnded: false };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        seen.made += 1;
        yield PIECE;
      }
    } finally {
      seen.isEnded = true;
    }
  }
  return { seen, stream: await streamOf(pieces()) };
}

test("makes the next piece when the ones before were taken", async () => {
  const { seen, stream } = await endless();
  const reader = stream.getReader();
  await reader.read();
  await Bun.sleep(5);
  expect(seen.made).toBeLessThanOrEqual(2);
  await reader.cancel();
});

test("ends the making when the client hangs up", async () => {
  const { seen, stream } = await endless();
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  expect(seen.isEnded).toBe(true);
});

test("breaks off where a piece can't be made", async () => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield PIECE;
    throw new Error("no more");
  }
  const stream = await streamOf(pieces());
  await expect(new Response(stream).arrayBuffer()).rejects.toThrow("no more");
});

test("rejects where the first piece can't be made", async () => {
  const pieces = (async function* (): AsyncGenerator<Uint8Array> {
    await Promise.reject(new Error("busy"));
    yield PIECE;
  })();
  await expect(streamOf(pieces)).rejects.toThrow("busy");
});

test("is empty where there are no pieces", async () => {
  const pieces = (async function* (): AsyncGenerator<Uint8Array> {})();
  expect(await new Response(await streamOf(pieces)).text()).toBe("");
});
