import { expect, test } from "bun:test";
import { findPlace } from "../../../src/model/lineage.ts";

const lineage = {
  ages: [
    { dataId: "third", sinceEventId: 80 },
    { dataId: "second", sinceEventId: 50 },
    { dataId: "first", sinceEventId: 0 },
  ],
  lastEventId: 100,
};
const find = (dataId: string, eventId: number) => findPlace(lineage, { dataId, eventId });

test("a place in the data as they are stays", () => {
  expect(find("third", 0)).toEqual({ kind: "here" });
  expect(find("third", 100)).toEqual({ kind: "here" });
});

test("a place behind the last event is none", () => {
  expect(find("third", 101)).toEqual({ kind: "ahead" });
});

test("in data from before a restore, what both have in common ends with the backup", () => {
  expect(find("second", 90)).toEqual({ kind: "replaced", commonEventId: 80 });
  expect(find("second", 79)).toEqual({ kind: "replaced", commonEventId: 79 });
});

test("after two restores it ends with the older backup", () => {
  expect(find("first", 90)).toEqual({ kind: "replaced", commonEventId: 50 });
});

test("unknown data were replaced by the last restore", () => {
  expect(find("other", 90)).toEqual({ kind: "replaced", commonEventId: 80 });
});
