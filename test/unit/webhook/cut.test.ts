import { expect, test } from "bun:test";
import { createCut } from "../../../src/webhook/cut.ts";

test("only the first reason of a cut counts", () => {
  const cut = createCut();
  expect(cut.reason()).toBeNull();
  cut.now("overloaded");
  cut.now("body_too_slow");
  expect(cut.reason()).toBe("overloaded");
});

test("a cut calls back once, also where it came before anybody listened", () => {
  const calls: string[] = [];
  const early = createCut();
  early.onCut(() => calls.push("early"));
  early.now("body_too_slow");
  early.now("body_too_slow");
  const late = createCut();
  late.now("overloaded");
  late.onCut(() => calls.push("late"));
  expect(calls).toEqual(["early", "late"]);
});
