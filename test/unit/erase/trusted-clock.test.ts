import { describe, expect, test } from "bun:test";
import { createTrustedClock } from "../../../src/erase/trusted-clock.ts";
import type { EarlierTimes } from "../../../src/erase/trusted-clock.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 21, 12);
const FAR = Date.UTC(2100, 0, 1);

/** A machine whose wall clock can be set while time goes on. */
function machine(wallMs: number, earlier: Partial<EarlierTimes> = {}) {
  let monotonicMs = 5 * DAY + 123;
  let offsetMs = wallMs - monotonicMs;
  const clock = { nowMs: () => monotonicMs + offsetMs, monotonicMs: () => monotonicMs };
  const trusted = createTrustedClock(clock);
  trusted.begin({ storedMs: null, newestReceivedAtMs: null, ...earlier });
  return {
    ...trusted,
    wallMs: clock.nowMs,
    pass: (ms: number) => void (monotonicMs += ms),
    setWall: (ms: number) => void (offsetMs = ms - monotonicMs),
    /** A delivery, signed now by the wall clock unless told. */
    deliver: (signedAtMs = clock.nowMs()) => trusted.delivered({ signedAtMs }),
  };
}

describe("while nothing confirms the wall clock", () => {
  test("nothing is known if nothing was ever received", () => {
    const here = machine(FAR);
    here.pass(30 * DAY);
    expect(here.nowMs()).toBeNull();
    expect(here.isConfirmed()).toBe(false);
  });

  test.each([
    ["right", NOW + HOUR],
    ["in 2100", FAR],
    ["in 1970", 0],
  ])(
    "it goes on from the newest event by the monotonic clock, whatever the wall clock says: %s",
    (_, wall) => {
      const here = machine(wall, { newestReceivedAtMs: NOW });
      expect(here.nowMs()).toBe(NOW);
      here.pass(30 * DAY);
      expect(here.nowMs()).toBe(NOW + 30 * DAY);
      expect(here.isConfirmed()).toBe(false);
    },
  );

  test("it goes on from what was stored, if that is later than the newest event", () => {
    expect(machine(FAR, { newestReceivedAtMs: NOW - DAY, storedMs: NOW }).nowMs()).toBe(NOW);
    expect(machine(FAR, { storedMs: NOW }).nowMs()).toBe(NOW);
  });

  test("what it went on from counts once: retention that begins again has stored a time of this run", () => {
    const here = machine(NOW + DAY, { storedMs: NOW });
    here.deliver();
    here.begin({ storedMs: here.nowMs(), newestReceivedAtMs: null });
    expect(here.correctionMs()).toBe(DAY);
  });

  test("an event is believed to be newer by as much as can have passed since the time was stored, not more", () => {
    expect(machine(NOW, { storedMs: NOW, newestReceivedAtMs: NOW + HOUR }).nowMs()).toBe(NOW + HOUR);
    expect(machine(NOW, { storedMs: NOW, newestReceivedAtMs: FAR }).nowMs()).toBe(NOW + HOUR);
  });

  test("setting the wall clock moves nothing", () => {
    const here = machine(NOW, { newestReceivedAtMs: NOW });
    for (const wall of [FAR, 0, NOW]) {
      here.setWall(wall);
      here.look(null);
      expect(here.nowMs()).toBe(NOW);
    }
  });
});

describe("a delivery confirms the wall clock", () => {
  test("which counts from then on", () => {
    const here = machine(NOW + 7 * DAY, { newestReceivedAtMs: NOW });
    here.deliver();
    expect(here.isConfirmed()).toBe(true);
    here.pass(DAY);
    expect(here.nowMs()).toBe(NOW + 8 * DAY);
  });

  test("before it was known what earlier runs have left", () => {
    const clock = { nowMs: () => NOW, monotonicMs: () => 0 };
    const trusted = createTrustedClock(clock);
    trusted.delivered({ signedAtMs: NOW });
    trusted.begin({ storedMs: NOW - DAY, newestReceivedAtMs: null });
    expect(trusted.nowMs()).toBe(NOW);
    expect(trusted.correctionMs()).toBe(DAY);
  });

  test.each([
    [30 * MINUTE, true],
    [30 * MINUTE + SECOND, false],
    [-30 * MINUTE, true],
    [-30 * MINUTE - SECOND, false],
  ])("if it was signed within half an hour of it: %d ms", (ahead, isConfirmed) => {
    const here = machine(NOW, { newestReceivedAtMs: NOW });
    here.deliver(NOW + ahead);
    expect(here.isConfirmed()).toBe(isConfirmed);
  });

  test("of 2100 only if it was signed then, whatever tolerance is configured", () => {
    const here = machine(FAR, { newestReceivedAtMs: NOW });
    here.deliver(NOW);
    expect(here.isConfirmed()).toBe(false);
    expect(here.nowMs()).toBe(NOW);
  });

  test("that is behind what earlier runs believed, too: an error of theirs does not last", () => {
    const here = machine(NOW, { storedMs: FAR });
    here.deliver();
    expect(here.nowMs()).toBe(NOW);
  });
});

describe("a jump of the wall clock against the monotonic one", () => {
  test.each([
    ["ahead", FAR],
    ["back", 0],
    ["ahead by two minutes", NOW + HOUR + 2 * MINUTE],
  ])("%s leaves the time as it was, and the clock unconfirmed", (_, wall) => {
    const here = machine(NOW, { newestReceivedAtMs: NOW });
    here.deliver();
    here.pass(HOUR);
    here.setWall(wall);
    expect(here.isConfirmed()).toBe(false);
    expect(here.nowMs()).toBe(NOW + HOUR);
    here.pass(DAY);
    here.look(null);
    expect(here.nowMs()).toBe(NOW + HOUR + DAY);
    expect(here.hasBeenConfirmed()).toBe(true);
  });

  test("is followed once a delivery agrees with it", () => {
    const here = machine(NOW);
    here.deliver();
    here.setWall(NOW + 3 * DAY);
    here.deliver();
    expect(here.isConfirmed()).toBe(true);
    expect(here.nowMs()).toBe(NOW + 3 * DAY);
  });

  test("is not hidden by the delivery that comes just after it, signed before", () => {
    const here = machine(NOW);
    here.deliver();
    here.setWall(FAR);
    here.deliver(NOW);
    expect(here.isConfirmed()).toBe(false);
    expect(here.nowMs()).toBe(NOW);
  });

  test("in many small steps is one too", () => {
    const here = machine(NOW);
    here.deliver();
    for (let step = 0; step < 10; step += 1) {
      here.setWall(here.wallMs() + 10 * SECOND);
      here.look(null);
    }
    expect(here.isConfirmed()).toBe(false);
    expect(here.nowMs()).toBe(NOW);
  });

  test("of less than a minute is none", () => {
    const here = machine(NOW);
    here.deliver();
    here.setWall(NOW + 59 * SECOND);
    expect(here.isConfirmed()).toBe(true);
  });
});

describe("systemd-timesyncd confirms the wall clock", () => {
  test.each([
    ["just now", 0, true],
    ["half an hour ago", 30 * MINUTE, true],
    ["a day ago, so that the clock may have been set since", DAY, false],
    ["in the future, so that the clock was set back since", -HOUR, false],
  ])("if it has set it %s", (_, ago, isConfirmed) => {
    const here = machine(NOW, { newestReceivedAtMs: NOW - DAY });
    here.look(NOW - ago);
    expect(here.isConfirmed()).toBe(isConfirmed);
    expect(here.nowMs()).toBe(isConfirmed ? NOW : NOW - DAY);
  });

  test("not if the clock was set to 2100 since", () => {
    const here = machine(FAR, { newestReceivedAtMs: NOW });
    here.look(NOW);
    expect(here.isConfirmed()).toBe(false);
  });

  test("after a jump only when it has set it again", () => {
    const here = machine(NOW);
    here.look(NOW);
    here.setWall(NOW + HOUR);
    here.look(NOW);
    expect(here.isConfirmed()).toBe(false);
    expect(here.nowMs()).toBe(NOW);
    here.pass(MINUTE);
    here.look(NOW + HOUR + MINUTE);
    expect(here.nowMs()).toBe(NOW + HOUR + MINUTE);
  });

  test("not again when it has gone away", () => {
    const here = machine(NOW);
    here.look(NOW);
    here.setWall(FAR);
    here.look(null);
    here.look(null);
    expect(here.isConfirmed()).toBe(false);
  });
});

/** A small generator of our own, so that a failure can be repeated by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Four runs of a receiver with a bad clock. Returns how far ahead of the truth it ever was. */
function live(seed: number): number {
  const random = randomOf(seed);
  const oneOf = (values: number[]) => values[random(values.length)] ?? 0;
  let truthMs = NOW;
  let storedMs: number | null = null;
  let newestReceivedAtMs: number | null = NOW;
  let syncedAtMs: number | null = null;
  let aheadMs = -Infinity;

  function step(here: ReturnType<typeof machine>): void {
    const ms = random(6 * HOUR);
    truthMs += ms;
    here.pass(ms);
    const what = random(6);
    if (what === 0) here.setWall(oneOf([truthMs, FAR, 0, truthMs - DAY, truthMs + 3 * HOUR]));
    // timesyncd sets the clock, and its file is touched just after.
    if (what === 1) here.setWall((syncedAtMs = truthMs));
    // ElevenLabs signs by the true time; the receiver refuses what is out of its tolerance.
    const isTaken = what === 2 && Math.abs(here.wallMs() - truthMs) <= 30 * MINUTE;
    if (isTaken) here.deliver(truthMs);
    if (isTaken) newestReceivedAtMs = here.wallMs();
    here.look(syncedAtMs);
    aheadMs = Math.max(aheadMs, (here.nowMs() ?? 0) - truthMs);
  }

  for (let run = 0; run < 4; run += 1) {
    const here = machine(oneOf([truthMs, FAR, 0, truthMs + DAY]), { storedMs, newestReceivedAtMs });
    for (let count = 0; count < 30; count += 1) step(here);
    storedMs = here.nowMs();
    truthMs += random(20 * DAY);
    // /run is empty after a boot.
    if (random(2) === 0) syncedAtMs = null;
  }
  return aheadMs;
}

test("it is never ahead by more than a signature may be old, in a thousand simulated lives", () => {
  const seeds = Array.from({ length: 1000 }, (_, index) => index + 1);
  expect(seeds.filter((seed) => live(seed) > 30 * MINUTE)).toEqual([]);
});
