import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { createAdmission } from "../../../src/webhook/admission/admission.ts";
import { noAddress } from "../../../src/config/addresses.ts";
import type { AddressList } from "../../../src/platform/address.ts";
import type { Slot } from "../../../src/webhook/admission/admission.ts";
import { standingClock } from "../../helpers/clock.ts";

const IN_FLIGHT_MAX = 1024;
const MIB = 1024 * 1024;

const clock = standingClock();

const ONE = "192.0.2.1";
const proxy: AddressList = { has: (address) => address === "127.0.0.1", toString: () => "127.0.0.1" };

function admission({ free = 1_000_000, min = 1000, trustedProxies = noAddress } = {}) {
  const options = { freeDiskBytes: () => free, freeDiskBytesMin: min, trustedProxies, clock };
  const { enter, ...others } = createAdmission(options);
  return {
    ...others,
    enter: (contentLength: number | null, drop = () => {}, address: string | null = ONE) =>
      enter({ address, contentLength, drop }),
  };
}

/** A slot that is known to be free. */
async function slotOf(entering: Promise<Slot | string>): Promise<Slot> {
  const slot = await entering;
  if (typeof slot === "string") throw new Error(slot);
  return slot;
}

/** Runs what waits, and moves both the timers and the clock. */
async function advanceMs(ms: number): Promise<void> {
  clock.advanceMs(ms);
  jest.advanceTimersByTime(ms);
  await turns();
}

/** Lets happen what happens in turns of the event loop to come. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe("room", () => {
  test("is for 1,024 bodies at once; the next one waits five seconds for it", async () => {
    const { enter } = admission();
    const slots = await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => slotOf(enter(null))));
    for (const slot of slots) slot.verified();
    const waiting = enter(null);
    for (let look = 1; look < 10; look += 1) await advanceMs(500);
    expect(Bun.peek.status(waiting)).toBe("pending");
    await advanceMs(500);
    expect(await waiting).toBe("overloaded");
  });

  test("goes to one of those who wait when somebody leaves", async () => {
    const { enter } = admission();
    const slots = await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => slotOf(enter(null))));
    const waiting = [enter(null), enter(null)];
    slots[0]?.leave();
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
    const { enter, isDiskLow } = createAdmission({
      freeDiskBytes: () => free,
      freeDiskBytesMin: 1,
      trustedProxies: noAddress,
      clock,
    });
    const delivery = { address: ONE, contentLength: null, drop: () => {} };
    expect([await enter(delivery), isDiskLow(0)]).toEqual(["disk_low", true]);
    free = 1;
    clock.advanceMs(1);
    expect(await enter(delivery)).toHaveProperty("leave");
    expect(isDiskLow(0)).toBe(false);
  });

  test("ends for a body in chunks that the disk can't take with its recording", async () => {
    const slot = await slotOf(admission({ free: 1000 + 750, min: 1000 }).enter(null));
    expect(slot.progress(1000, "disk")).toBeNull();
    expect(slot.progress(1001, "disk")).toBe("disk_low");
  });
});

describe("the slowest body of one sender makes room", () => {
  /** Bodies with so many KiB each, two seconds after they came; returns which of them are dropped by what follows. */
  async function bodiesAfterTwoSeconds(enter: ReturnType<typeof admission>["enter"], kibibytes: number[]) {
    const dropped: number[] = [];
    const slots: Slot[] = [];
    for (const [index, size] of kibibytes.entries()) {
      const slot = await slotOf(enter(null, () => dropped.push(index)));
      slot.progress(size * 1024, "memory");
      slots.push(slot);
    }
    await advanceMs(2_000);
    return { dropped, slots };
  }

  test("where 1,024 are in flight, for the newcomer", async () => {
    const { enter } = admission();
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, Array(IN_FLIGHT_MAX).fill(1));
    for (const [index, slot] of slots.entries()) if (index !== 7) slot.progress(2 * 1024, "memory");
    const newcomer = enter(null);
    await turns();
    expect(dropped).toEqual([7]);
    slots[7]?.leave();
    expect(await newcomer).toHaveProperty("leave");
  });

  test("but not a fast one only because the slower ones are young", async () => {
    const { enter } = admission();
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, [1]);
    for (let count = 1; count < IN_FLIGHT_MAX; count += 1) await enter(15_000, () => dropped.push(count));
    slots[0]?.progress(6 * MIB, "disk");
    const newcomer = enter(null);
    await advanceMs(500);
    expect([dropped, Bun.peek.status(newcomer)]).toEqual([[], "pending"]);
  });

  test("where all of them were newcomers a moment ago", async () => {
    const { enter } = admission();
    const slots = await Promise.all(
      Array.from({ length: IN_FLIGHT_MAX }, () => slotOf(enter(null, () => slots[0]?.leave()))),
    );
    const newcomer = enter(null);
    await advanceMs(500);
    expect(Bun.peek.status(newcomer)).toBe("pending");
    await advanceMs(500);
    expect(await newcomer).toHaveProperty("leave");
  });

  test("if more than 64 MiB are in memory, whether it is young or not", async () => {
    const { enter } = admission();
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, [20 * 1024, 10 * 1024, 30 * 1024]);
    slots[0]?.progress(20 * MIB + 1, "memory");
    slots[2]?.progress(30 * MIB + 1, "memory");
    const newcomer = await slotOf(enter(null, () => dropped.push(3)));
    newcomer.progress(4 * MIB - 2, "memory");
    await turns();
    expect(dropped).toBeEmpty();
    newcomer.progress(4 * MIB - 1, "memory");
    await turns();
    expect(dropped).toEqual([1]);
  });

  test("where the disk can't take a recording that comes in", async () => {
    const { enter } = admission({ free: 1000 + 4 * MIB, min: 1000 });
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, [1, 1]);
    expect(slots[0]?.progress(5 * MIB, "disk")).toBeNull();
    await advanceMs(2_000);
    expect(slots[1]?.progress(5 * MIB, "disk")).toBeNull();
    await turns();
    expect(dropped).toBeEmpty();
    expect(slots[1]?.progress(6 * MIB, "disk")).toBeNull();
    await turns();
    expect(dropped).toEqual([0]);
    // Nobody else is left to make room.
    expect(slots[1]?.progress(20 * MIB, "disk")).toBe("disk_low");
  });

  test("but never one whose signature holds", async () => {
    const { enter } = admission();
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, [1, 2]);
    slots[0]?.verified();
    slots[1]?.verified();
    const newcomer = await slotOf(enter(null));
    expect(newcomer.progress(65 * MIB, "memory")).toBe("overloaded");
    await turns();
    expect(dropped).toBeEmpty();
  });

  test("which is the one that is slow now, however much it sent before", async () => {
    const { enter } = admission();
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, [60 * 1024, 1]);
    for (let half = 1; half <= 6; half += 1) {
      await advanceMs(500);
      slots[0]?.progress(60 * MIB + half, "memory");
      slots[1]?.progress((1 + 100 * half) * 1024, "memory");
    }
    expect(dropped).toBeEmpty();
    slots[1]?.progress(5 * MIB, "memory");
    await turns();
    expect(dropped).toEqual([0]);
  });

  test("and what a small body announces is not what it has sent", async () => {
    const { enter } = admission();
    const { dropped, slots } = await bodiesAfterTwoSeconds(enter, [1]);
    const small = await slotOf(enter(15_000, () => dropped.push(1)));
    expect(small.announce(15_000)).toBeNull();
    slots[0]?.progress(2 * 1024, "memory");
    slots[0]?.progress(64 * MIB, "memory");
    await turns();
    expect(dropped).toEqual([1]);
  });
});

describe("of several senders", () => {
  const TWO = "192.0.2.2";
  const VENDOR = "34.67.146.145";

  /** All slots taken by one sender, a moment ago; tells which of its bodies are dropped. */
  async function allTakenBy(
    enter: ReturnType<typeof admission>["enter"],
    address: string | null = ONE,
    placeCount = IN_FLIGHT_MAX,
  ) {
    const dropped: Slot[] = [];
    const taken: Slot[] = [];
    for (let count = 0; count < placeCount; count += 1) {
      const slot: Slot = await slotOf(
        enter(
          null,
          () => {
            dropped.push(slot);
            slot.leave();
          },
          address,
        ),
      );
      taken.push(slot);
    }
    return { dropped, taken };
  }

  test("the one with most slots makes way at once for another, however young they are", async () => {
    const { enter } = admission();
    const { dropped } = await allTakenBy(enter);
    expect(await enter(null, () => {}, TWO)).toHaveProperty("leave");
    expect(dropped).toHaveLength(1);
  });

  test("another one gets no more than half of the slots that way", async () => {
    const { enter } = admission();
    const { dropped } = await allTakenBy(enter);
    for (let count = 0; count < 512; count += 1) await slotOf(enter(null, () => {}, TWO));
    expect(dropped).toHaveLength(512);
    const tooMany = enter(null, () => {}, TWO);
    await turns();
    expect([dropped.length, Bun.peek.status(tooMany)]).toEqual([512, "pending"]);
  });

  test.each([
    ["a valid signature", TWO, true],
    ["an address that ElevenLabs publishes", VENDOR, false],
  ])("%s is proof, and goes before slots held", async (_, address, isSigned) => {
    const { enter } = admission();
    const slots: Slot[] = [];
    if (isSigned) {
      const signed = await slotOf(enter(null, () => {}, address));
      signed.verified();
      signed.leave();
    }
    for (let count = 0; count < IN_FLIGHT_MAX - 1; count += 1) {
      slots.push(await slotOf(enter(null, () => expect.unreachable(), address)));
    }
    const stranger: Slot = await slotOf(enter(null, () => stranger.leave(), ONE));
    const next = await enter(null, () => {}, address);
    expect(next).toHaveProperty("leave");
    // The stranger gets no slot back while the proven one holds all of them.
    const again = enter(null, () => {}, ONE);
    await turns();
    expect(Bun.peek.status(again)).toBe("pending");
  });

  /** Lets a sender sign something and take all slots; returns whether a stranger takes one of these from it. */
  async function isDroppedForStranger(address: string | null, passedMs: number): Promise<boolean> {
    const { enter } = admission({ trustedProxies: proxy });
    const signed = await slotOf(enter(null, () => {}, address));
    signed.verified();
    signed.leave();
    clock.advanceMs(passedMs);
    const { dropped } = await allTakenBy(enter, address);
    void enter(null, () => {}, ONE);
    await turns();
    return dropped.length > 0;
  }

  test("proof lasts for a day", async () => {
    const day = 24 * 60 * 60_000;
    expect(await isDroppedForStranger(TWO, day - 1)).toBe(false);
    expect(await isDroppedForStranger(TWO, day)).toBe(true);
  });

  test.each([
    ["a proxy", "127.0.0.1"],
    ["nobody known", null],
  ])("the signature of %s proves nothing", async (_, address) => {
    expect(await isDroppedForStranger(address, 0)).toBe(true);
  });

  test("the 1,024 that signed last are remembered", async () => {
    const { enter } = admission();
    for (let index = 0; index <= 1024; index += 1) {
      const signed = await slotOf(enter(null, () => {}, `10.0.${index >> 8}.${index & 255}`));
      signed.verified();
      signed.leave();
    }
    const { dropped } = await allTakenBy(enter, "10.0.0.0", 512);
    await allTakenBy(enter, "10.0.0.1", 512);
    await slotOf(enter(null, () => {}, ONE));
    expect(dropped).toHaveLength(1);
  });

  test("addresses of IPv6 count as one by their first 64 bits", async () => {
    const { enter } = admission();
    const { dropped } = await allTakenBy(enter, "2001:db8::1");
    const same = enter(null, () => {}, "2001:db8::ffff:1");
    await turns();
    expect([dropped.length, Bun.peek.status(same)]).toEqual([0, "pending"]);
    expect(await enter(null, () => {}, "2001:db8:0:1::1")).toHaveProperty("leave");
  });

  test("the one with most bytes in memory makes room, not the slower one", async () => {
    const { enter } = admission();
    const dropped: string[] = [];
    const slow = await slotOf(enter(null, () => dropped.push("slow"), TWO));
    slow.progress(1, "memory");
    const first = await slotOf(enter(null, () => dropped.push("first"), ONE));
    const second = await slotOf(enter(null, () => dropped.push("second"), ONE));
    first.progress(40 * MIB, "memory");
    await advanceMs(1_000);
    second.progress(30 * MIB, "memory");
    await turns();
    expect(dropped).toEqual(["first"]);
  });

  test("the one with most on disk makes room for an announced recording, until it has less", async () => {
    const { enter } = admission({ free: 1000 + 100 * MIB, min: 1000 });
    const dropped: string[] = [];
    const much = await slotOf(enter(null, () => dropped.push("much"), ONE));
    much.progress(90 * MIB, "disk");
    expect(await enter(91 * MIB, () => {}, TWO)).toBe("disk_low");
    expect(await enter(120 * MIB, () => {}, VENDOR)).toBe("disk_low");
    expect(dropped).toBeEmpty();
    expect(await enter(89 * MIB, () => {}, TWO)).toHaveProperty("leave");
    await turns();
    expect(dropped).toEqual(["much"]);
  });

  test("and one with proof needs to announce no less", async () => {
    const { enter } = admission({ free: 1000 + 100 * MIB, min: 1000 });
    const dropped: string[] = [];
    const some = await slotOf(enter(null, () => dropped.push("some"), ONE));
    some.progress(60 * MIB, "disk");
    expect(await enter(80 * MIB, () => {}, VENDOR)).toHaveProperty("leave");
    await turns();
    expect(dropped).toEqual(["some"]);
  });
});

/** Notes an answer, and what follows before the next turn of the event loop. */
async function noteAnswer(order: string[], entering: Promise<unknown>): Promise<void> {
  await entering;
  order.push("answer");
  queueMicrotask(() => order.push("end of its turn"));
}

describe("the line of those who wait", () => {
  test("holds 256; the rest is refused at once", async () => {
    const { enter } = admission();
    for (let count = 0; count < IN_FLIGHT_MAX; count += 1) await enter(null);
    const waiting = Array.from({ length: 256 }, () => enter(null));
    expect(await enter(null)).toBe("overloaded");
    await turns();
    expect(waiting.every((entering) => Bun.peek.status(entering) === "pending")).toBe(true);
  });

  test("is first in, first out, one for each slot", async () => {
    const { enter } = admission();
    const slots: Slot[] = [];
    for (let count = 0; count < IN_FLIGHT_MAX; count += 1) slots.push(await slotOf(enter(null)));
    const waiting = [enter(null), enter(null), enter(null)];
    for (const givenCount of [1, 2, 3]) {
      slots[givenCount]?.leave();
      await turns();
      const states = waiting.map((entering) => Bun.peek.status(entering) === "fulfilled");
      expect(states).toEqual([true, givenCount > 1, givenCount > 2]);
    }
  });

  test("is never too full for another sender", async () => {
    const { enter } = admission();
    const slots: Slot[] = [];
    for (let count = 0; count < IN_FLIGHT_MAX; count += 1) {
      const slot = await slotOf(enter(null, () => {}, null));
      slot.verified();
      slots.push(slot);
    }
    const waiting = Array.from({ length: 256 }, () => enter(null));
    const other = enter(null, () => {}, "192.0.2.2");
    await turns();
    expect(Bun.peek(waiting.at(-1))).toBe("overloaded");
    slots[0]?.leave();
    await turns();
    const [first = other] = waiting;
    expect([first, other].map((entering) => Bun.peek.status(entering))).toEqual(["fulfilled", "pending"]);
    slots[1]?.leave();
    await turns();
    expect(Bun.peek.status(other)).toBe("fulfilled");
  });

  test("is answered one by one, in turns of the event loop", async () => {
    const { enter, drain } = admission();
    for (let count = 0; count < IN_FLIGHT_MAX; count += 1) await enter(null);
    const order: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      void noteAnswer(order, enter(null));
    }
    void drain();
    await turns();
    expect(order).toEqual([
      "answer",
      "end of its turn",
      "answer",
      "end of its turn",
      "answer",
      "end of its turn",
    ]);
  });
});

describe("draining", () => {
  test("admits nobody any more, also of those who wait", async () => {
    const { enter, drain, isClosed } = admission();
    const slots = await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => slotOf(enter(null))));
    const waiting = enter(null);
    expect(isClosed()).toBe(false);
    const drained = drain();
    expect(isClosed()).toBe(true);
    expect([await waiting, await enter(null)]).toEqual(["shutting_down", "shutting_down"]);
    for (const slot of slots) slot.leave();
    await drained;
  });

  test("ends when the last one has left, for everybody who waits for it", async () => {
    const { enter, drain } = admission();
    const [first, second] = [await slotOf(enter(null)), await slotOf(enter(null))];
    const both = Promise.all([drain(), drain()]);
    first.leave();
    await advanceMs(0);
    expect(Bun.peek.status(both)).toBe("pending");
    second.leave();
    expect(await both).toHaveLength(2);
  });

  test("is not held up by those for whom the disk did not answer", async () => {
    const failing = createAdmission({
      freeDiskBytes: () => {
        throw new Error("gone");
      },
      freeDiskBytesMin: 0,
      trustedProxies: noAddress,
      clock,
    });
    await expect(failing.enter({ address: ONE, contentLength: 1, drop: () => {} })).rejects.toThrow("gone");
    expect(failing.inFlight().deliveries).toBe(0);
    await failing.drain();
  });

  test("is not held up by those who were turned away", async () => {
    const { enter, drain } = admission({ free: 0 });
    await enter(null);
    await drain();
  });
});
