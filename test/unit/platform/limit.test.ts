import { expect, test } from "bun:test";
import { createLimit } from "../../../src/platform/limit.ts";

/** Pieces of work under a limit, each of which goes on until it is told to end. */
function pieces(atOnceMax: number, count: number) {
  const limit = createLimit(atOnceMax);
  const started: number[] = [];
  const work = Array.from({ length: count }, () => Promise.withResolvers<string>());
  const ends = work.map(({ promise }, index) =>
    limit(() => {
      started.push(index);
      return promise;
    }),
  );
  return { started, work, ends, limit };
}

/** Lets everything go on that can. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("at most as many pieces as allowed run at once, first come, first served", async () => {
  const { started, work, ends } = pieces(2, 5);
  await settle();
  expect(started).toEqual([0, 1]);
  work[1]?.resolve("one");
  await settle();
  expect(started).toEqual([0, 1, 2]);
  work[2]?.resolve("two");
  work[0]?.resolve("zero");
  await settle();
  expect(started).toEqual([0, 1, 2, 3, 4]);
  work[4]?.resolve("four");
  work[3]?.resolve("three");
  expect(await Promise.all(ends)).toEqual(["zero", "one", "two", "three", "four"]);
});

test("one that comes while a place is handed on does not take it", async () => {
  const { started, work, ends, limit } = pieces(1, 2);
  work[0]?.resolve("zero");
  const late = ends[0]?.then(() => limit(async () => void started.push(2)));
  await settle();
  expect(started).toEqual([0, 1]);
  work[1]?.resolve("one");
  await late;
  expect(started).toEqual([0, 1, 2]);
});

test("a piece that fails frees its place, whether at once or later", async () => {
  const { started, work, ends, limit } = pieces(1, 3);
  const failure = new Error("surprise");
  work[0]?.reject(failure);
  await expect(ends[0]).rejects.toBe(failure);
  await settle();
  expect(started).toEqual([0, 1]);
  work[1]?.resolve("one");
  work[2]?.resolve("two");
  expect(await Promise.all(ends.slice(1))).toEqual(["one", "two"]);
  const failing = limit(() => {
    throw failure;
  });
  await expect(failing).rejects.toBe(failure);
  expect(await limit(async () => "free")).toBe("free");
});

test("places are free again when all have ended", async () => {
  const { work, ends, limit } = pieces(2, 4);
  for (const piece of work) piece.resolve("done");
  await Promise.all(ends);
  let running = 0;
  let runningMax = 0;
  const again = Array.from({ length: 6 }, () =>
    limit(async () => {
      runningMax = Math.max(runningMax, ++running);
      await settle();
      running -= 1;
    }),
  );
  await Promise.all(again);
  expect(runningMax).toBe(2);
});
