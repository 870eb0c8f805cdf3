import { describe, expect, test } from "bun:test";
import { createAdmission } from "../../../src/webhook/admission.ts";
import type { Place } from "../../../src/webhook/admission.ts";

const IN_FLIGHT_MAX = 1024;

function admission({ free = 1_000_000, min = 1000 } = {}) {
  return createAdmission({ freeDiskBytes: () => free, freeDiskBytesMin: min });
}

/** A place that is known to be free. */
function placeOf(entered: Place | string): Place {
  if (typeof entered === "string") throw new Error(entered);
  return entered;
}

describe("room", () => {
  test("is for 1024 bodies at once, and again when one has left", () => {
    const { enter } = admission();
    const places = Array.from({ length: IN_FLIGHT_MAX }, () => placeOf(enter(null)));
    expect(enter(null)).toBe("overloaded");
    places[0]?.leave();
    expect(enter(null)).toHaveProperty("leave");
    expect(enter(null)).toBe("overloaded");
  });

  test("is on the disk where the announced body leaves the least free space, not where it leaves a byte less", () => {
    const { enter } = admission({ free: 5000, min: 1000 });
    expect(enter(4000)).toHaveProperty("leave");
    expect(enter(4001)).toBe("disk_low");
  });

  test("is on the disk for a body that announces no length while the least space is free", () => {
    expect(admission({ free: 1000, min: 1000 }).enter(null)).toHaveProperty("leave");
    expect(admission({ free: 999, min: 1000 }).enter(null)).toBe("disk_low");
  });

  test("is looked for anew each time", () => {
    let free = 0;
    const { enter, isDiskLow } = createAdmission({ freeDiskBytes: () => free, freeDiskBytesMin: 1 });
    expect([enter(null), isDiskLow(0)]).toEqual(["disk_low", true]);
    free = 1;
    expect(enter(null)).toHaveProperty("leave");
    expect(isDiskLow(0)).toBe(false);
  });

  test("is not taken by those who were turned away", async () => {
    const { enter, drain } = admission({ free: 0 });
    enter(null);
    await drain();
  });
});

describe("draining", () => {
  test("admits nobody any more", async () => {
    const { enter, drain, isClosed } = admission();
    expect(isClosed()).toBe(false);
    await drain();
    expect(isClosed()).toBe(true);
    expect(enter(null)).toBe("shutting_down");
  });

  test("ends when the last one has left", async () => {
    const { enter, drain } = admission();
    const [first, second] = [placeOf(enter(null)), placeOf(enter(null))];
    let isDrained = false;
    const drained = drain().then(() => (isDrained = true));
    first.leave();
    await Bun.sleep(0);
    expect(isDrained).toBe(false);
    second.leave();
    expect(await drained).toBe(true);
  });

  test("ends for everybody who waits for it", async () => {
    const { enter, drain } = admission();
    const place = placeOf(enter(null));
    const both = Promise.all([drain(), drain()]);
    place.leave();
    expect(await both).toHaveLength(2);
  });
});
