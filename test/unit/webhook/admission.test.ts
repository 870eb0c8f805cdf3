import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { createAdmission } from "../../../src/webhook/admission.ts";
import type { Place } from "../../../src/webhook/admission.ts";
import { standingClock } from "../../helpers/clock.ts";

const IN_FLIGHT_MAX = 1024;
const MIB = 1024 * 1024;

const clock = standingClock();

function admission({ free = 1_000_000, min = 1000 } = {}) {
  const { enter, ...others } = createAdmission({ freeDiskBytes: () => free, freeDiskBytesMin: min, clock });
  return { ...others, enter: (contentLength: number | null, drop = () => {}) => enter(contentLength, drop) };
}

/** A place that is known to be free. */
async function placeOf(entering: Promise<Place | string>): Promise<Place> {
  const place = await entering;
  if (typeof place === "string") throw new Error(place);
  return place;
}

/** Runs what waits, and moves both the timers and the clock. */
async function advanceMs(ms: number): Promise<void> {
  clock.advanceMs(ms);
  jest.advanceTimersByTime(ms);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe("room", () => {
  test("is for 1,024 bodies at once; the next one waits five seconds for it", async () => {
    const { enter } = admission();
    const places = await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => placeOf(enter(null))));
    for (const place of places) place.verified();
    const waiting = enter(null);
    for (let look = 1; look < 10; look += 1) await advanceMs(500);
    expect(Bun.peek.status(waiting)).toBe("pending");
    await advanceMs(500);
    expect(await waiting).toBe("overloaded");
  });

  test("goes to one of those who wait when somebody leaves", async () => {
    const { enter } = admission();
    const places = await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => placeOf(enter(null))));
    const waiting = [enter(null), enter(null)];
    places[0]?.leave();
    await advanceMs(0);
    expect(waiting.map((entering) => Bun.peek.status(entering))).toEqual(["fulfilled", "pending"]);
  });

  test("is on the disk for a body and the recording that is decoded from it", async () => {
    const { enter } = admission({ free: 8000, min: 1000 });
    expect(await enter(4000)).toHaveProperty("leave");
    expect(await enter(4001)).toBe("disk_low");
  });

  test("is on the disk for a body that announces no length while the least space is free", async () => {
    expect(await admission({ free: 1000, min: 1000 }).enter(null)).toHaveProperty("leave");
    expect(await admission({ free: 999, min: 1000 }).enter(null)).toBe("disk_low");
  });

  test("is looked for anew a thousand times a second", async () => {
    let free = 0;
    const { enter, isDiskLow } = createAdmission({ freeDiskBytes: () => free, freeDiskBytesMin: 1, clock });
    expect([await enter(null, () => {}), isDiskLow(0)]).toEqual(["disk_low", true]);
    free = 1;
    clock.advanceMs(1);
    expect(await enter(null, () => {})).toHaveProperty("leave");
    expect(isDiskLow(0)).toBe(false);
  });

  test("ends for a body in chunks that the disk can't take with its recording", async () => {
    const place = await placeOf(admission({ free: 1000 + 750, min: 1000 }).enter(null));
    expect(place.progress(1000, "disk")).toBeNull();
    expect(place.progress(1001, "disk")).toBe("disk_low");
  });
});

describe("the slowest unverified body is dropped", () => {
  /** Bodies with so many KiB each after two seconds; returns which of them were dropped by what follows. */
  async function bodiesAfterTwoSeconds(enter: ReturnType<typeof admission>["enter"], kibibytes: number[]) {
    const dropped: number[] = [];
    const places: Place[] = [];
    for (const [index, size] of kibibytes.entries()) {
      const place = await placeOf(enter(null, () => dropped.push(index)));
      place.progress(size * 1024, "memory");
      places.push(place);
    }
    await advanceMs(2_000);
    return { dropped, places };
  }

  test("where 1,024 are in flight, for the newcomer", async () => {
    const { enter } = admission();
    const kibibytes = Array.from({ length: IN_FLIGHT_MAX }, (_, index) => (index === 7 ? 1 : 2));
    const { dropped, places } = await bodiesAfterTwoSeconds(enter, kibibytes);
    const newcomer = enter(null);
    expect(dropped).toEqual([7]);
    places[7]?.leave();
    expect(await newcomer).toHaveProperty("leave");
  });

  test("where all of them were newcomers a moment ago", async () => {
    const { enter } = admission();
    const places = await Promise.all(
      Array.from({ length: IN_FLIGHT_MAX }, () => placeOf(enter(null, () => places[0]?.leave()))),
    );
    const newcomer = enter(null);
    await advanceMs(500);
    expect(Bun.peek.status(newcomer)).toBe("pending");
    await advanceMs(500);
    await advanceMs(500);
    expect(await newcomer).toHaveProperty("leave");
  });

  test("where more than 64 MiB are in memory", async () => {
    const { enter } = admission();
    const { dropped } = await bodiesAfterTwoSeconds(enter, [20 * 1024, 10 * 1024, 30 * 1024]);
    const newcomer = await placeOf(enter(null, () => dropped.push(3)));
    newcomer.progress(4 * MIB, "memory");
    expect(dropped).toBeEmpty();
    newcomer.progress(4 * MIB + 1, "memory");
    expect(dropped).toEqual([1]);
  });

  test("where more than half of the spare disk is taken by bodies of unknown origin", async () => {
    const { enter } = admission({ free: 1000 + 10 * MIB, min: 1000 });
    const { dropped, places } = await bodiesAfterTwoSeconds(enter, [1, 1]);
    places[0]?.progress(9 * MIB, "disk");
    expect(dropped).toBeEmpty();
    places[1]?.progress(2 * MIB, "disk");
    expect(dropped).toEqual([1]);
  });

  test("never one whose signature holds, and no newcomer", async () => {
    const { enter } = admission();
    const { dropped, places } = await bodiesAfterTwoSeconds(enter, [1, 2]);
    places[0]?.verified();
    const newcomer = await placeOf(enter(null, () => dropped.push(2)));
    newcomer.progress(65 * MIB, "memory");
    expect(dropped).toEqual([1]);
  });
});

describe("draining", () => {
  test("admits nobody any more, also of those who wait", async () => {
    const { enter, drain, isClosed } = admission();
    const places = await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => placeOf(enter(null))));
    const waiting = enter(null);
    expect(isClosed()).toBe(false);
    const drained = drain();
    expect(isClosed()).toBe(true);
    expect([await waiting, await enter(null)]).toEqual(["shutting_down", "shutting_down"]);
    for (const place of places) place.leave();
    await drained;
  });

  test("ends when the last one has left, for everybody who waits for it", async () => {
    const { enter, drain } = admission();
    const [first, second] = [await placeOf(enter(null)), await placeOf(enter(null))];
    const both = Promise.all([drain(), drain()]);
    first.leave();
    await advanceMs(0);
    expect(Bun.peek.status(both)).toBe("pending");
    second.leave();
    expect(await both).toHaveLength(2);
  });

  test("is not held up by those who were turned away", async () => {
    const { enter, drain } = admission({ free: 0 });
    await enter(null);
    await drain();
  });
});
