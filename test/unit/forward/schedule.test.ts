import { expect, test } from "bun:test";
import { createByteLimit } from "../../../src/forward/byte-limit.ts";
import { nextAnnouncementMs, nextAttemptMs } from "../../../src/forward/schedule.ts";

const HOUR_S = 3600;

test("repeats after 5 s, 5 and 30 minutes, 2, 5, 10 and 10 hours, each 20 % more or less, and then no more", () => {
  const delays = [5, 300, 1800, 2 * HOUR_S, 5 * HOUR_S, 10 * HOUR_S, 10 * HOUR_S];
  for (const [index, seconds] of delays.entries()) {
    expect(nextAttemptMs(index + 1, 0, 0.5)).toBe(seconds * 1000);
    expect(nextAttemptMs(index + 1, 0, 0)).toBe(seconds * 800);
    expect(nextAttemptMs(index + 1, 0, 1)).toBe(seconds * 1200);
  }
  expect(nextAttemptMs(delays.length + 1, 0, 0.5)).toBeNull();
  expect(nextAnnouncementMs(delays.length + 1, 0, 0.5)).toBe(10 * HOUR_S * 1000);
});

test("holds at most so many bytes at once, and lets something larger run alone", async () => {
  const withBytes = createByteLimit(100);
  let held = 0;
  let most = 0;
  let done = 0;
  const work = (bytes: number) =>
    withBytes(bytes, async () => {
      held += bytes;
      most = Math.max(most, held);
      await Bun.sleep(1);
      held -= bytes;
      done += 1;
    });
  await Promise.all([40, 40, 40, 0, 100, 60].map(work));
  expect(most).toBe(100);
  await Promise.all([work(500), work(10), work(10)]);
  expect(most).toBe(500);
  expect(done).toBe(9);
});
