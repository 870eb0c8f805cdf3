import { describe, expect, test } from "bun:test";
import { endOfWaitMs, judgeSetting } from "../../../src/erase/retention-settings.ts";
import type { StoredSetting } from "../../../src/erase/retention-settings.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 21, 12);
const at = (nowMs: number) => ({ nowMs, hasBeenConfirmed: true, correctionMs: 0 });
const inForce = (days: number | null): StoredSetting => ({ inForce: days, waiting: null });

describe("a setting that is new or shorter", () => {
  test.each([
    ["on data of a version that stored nothing", null, null],
    ["where nothing was erased before", inForce(null), null],
    ["shorter than before", inForce(365), 365],
  ])("%s waits a day, and what was in force stays so", (_, stored, before) => {
    const first = judgeSetting(stored, 30, at(NOW));
    expect(first).toEqual({ inForce: before, waiting: { days: 30, sinceMs: NOW, isConfirmed: true } });
    expect(endOfWaitMs(first)).toBe(NOW + DAY);
    expect(judgeSetting(first, 30, at(NOW + DAY - 1))).toEqual(first);
    expect(judgeSetting(first, 30, at(NOW + DAY))).toEqual(inForce(30));
  });

  test("waits as long whatever restarts happen", () => {
    let stored = judgeSetting(inForce(null), 30, at(NOW));
    for (let hour = 1; hour < 24; hour += 1) {
      stored = judgeSetting(stored, 30, at(NOW + hour * HOUR));
      expect(stored.inForce).toBeNull();
    }
    expect(judgeSetting(stored, 30, at(NOW + DAY))).toEqual(inForce(30));
  });

  test("waits from its own moment if it is changed while it waits", () => {
    const first = judgeSetting(inForce(365), 30, at(NOW));
    const second = judgeSetting(first, 60, at(NOW + 23 * HOUR));
    expect(second).toMatchObject({ inForce: 365, waiting: { days: 60, sinceMs: NOW + 23 * HOUR } });
    expect(judgeSetting(second, 60, at(NOW + DAY)).inForce).toBe(365);
  });

  test("that is taken back is forgotten, so that it waits again", () => {
    const first = judgeSetting(inForce(365), 30, at(NOW));
    const back = judgeSetting(first, 365, at(NOW + HOUR));
    expect(back).toEqual(inForce(365));
    expect(judgeSetting(back, 30, at(NOW + DAY)).waiting?.sinceMs).toBe(NOW + DAY);
  });
});

test.each([
  ["the same", inForce(30), 30],
  ["longer", inForce(30), 365],
  ["off", inForce(30), null],
  ["off as before", null, null],
])("a setting that is %s counts at once", (_, stored, days) => {
  expect(judgeSetting(stored, days, at(NOW))).toEqual(inForce(days));
});

test("one that was off in between is a new one", () => {
  const off = judgeSetting(inForce(30), null, at(NOW));
  expect(judgeSetting(off, 30, at(NOW)).waiting).not.toBeNull();
});

describe("with a clock that was not confirmed when the setting was new", () => {
  const WEEK = 7 * DAY;
  const waiting = judgeSetting(inForce(null), 30, {
    nowMs: NOW,
    hasBeenConfirmed: false,
    correctionMs: 0,
  });

  test("the day does not end by the leap of the clock when it is confirmed", () => {
    // An hour later it turns out that the receiver had been off for a week.
    const reading = { nowMs: NOW + WEEK + HOUR, hasBeenConfirmed: true, correctionMs: WEEK };
    const confirmed = judgeSetting(waiting, 30, reading);
    expect(confirmed).toEqual({
      inForce: null,
      waiting: { days: 30, sinceMs: NOW + WEEK, isConfirmed: true },
    });
    const laterMs = NOW + WEEK + DAY;
    expect(judgeSetting(confirmed, 30, { ...reading, nowMs: laterMs - 1 }).inForce).toBeNull();
    // The leap counts once, after a restart too.
    expect(judgeSetting(confirmed, 30, { ...reading, nowMs: laterMs, correctionMs: DAY }).inForce).toBe(30);
  });

  test("it ends after a day of uptime without a confirmation", () => {
    const reading = { nowMs: NOW + DAY, hasBeenConfirmed: false, correctionMs: 0 };
    expect(judgeSetting(waiting, 30, reading)).toEqual(inForce(30));
  });

  test("nor is it delayed for years if the clock had been ahead", () => {
    const reading = { nowMs: NOW - 100 * DAY, hasBeenConfirmed: true, correctionMs: -100 * DAY };
    const confirmed = judgeSetting(waiting, 30, reading);
    expect(judgeSetting(confirmed, 30, { ...reading, nowMs: NOW - 99 * DAY }).inForce).toBe(30);
  });
});
