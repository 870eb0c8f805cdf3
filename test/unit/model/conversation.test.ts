import { expect, test } from "bun:test";
import { foldFacts, noFacts } from "../../../src/model/conversation.ts";

test("of each fact the last event counts that says something", () => {
  const folded = foldFacts([
    { eventId: 1, facts: { ...noFacts, agentId: "first", title: "first", turnCount: 2, holdsTurns: true } },
    { eventId: 2, facts: { ...noFacts, agentId: "second", durationSecs: 0 } },
  ]);
  expect(folded).toMatchObject({
    agentId: "second",
    title: "first",
    durationSecs: 0,
    turnCount: 2,
    eventId: 1,
  });
  expect(folded).not.toHaveProperty("summary");
});

test("events that say nothing take nothing away", () => {
  expect(foldFacts([])).toEqual({});
  expect(foldFacts([{ eventId: 1, facts: noFacts }])).toEqual({ holdsTurns: false });
});
