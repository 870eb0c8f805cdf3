import { expect, jest, test } from "bun:test";
import { createProblemJournal, startProblemJournal } from "../../../src/daemon/problem-journal.ts";
import type { Problem } from "../../../src/problems/problem.ts";
import { standingClock } from "../../helpers/clock.ts";

const HOUR_MS = 3_600_000;
const quarantined = (what: string, remedy: string): Problem => ({
  problem: "events_quarantined",
  what,
  remedy,
});
const three = quarantined("3 events are quarantined: unknown", "Install a newer version.");

function journal() {
  const lines: string[] = [];
  const say = (message: string, fields: object = {}) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const fail = () => {
    throw new Error("it is a warning");
  };
  const clock = standingClock();
  const { note } = createProblemJournal({
    clock,
    log: { debug: fail, info: fail, warning: say, error: fail },
  });
  return { note, lines, clock };
}

test("logs each problem with what to do about it", () => {
  const { note, lines } = journal();
  note([three]);
  expect(lines).toEqual([
    '3 events are quarantined: unknown. Install a newer version. {"problem":"events_quarantined"}',
  ]);
});

test("logs a problem once a day, also if its figures change or it was gone meanwhile", () => {
  const { note, lines, clock } = journal();
  for (let hour = 0; hour < 49; hour += 1) {
    note(hour % 5 === 4 ? [] : [quarantined(`${hour} events are quarantined: unknown`, three.remedy)]);
    clock.advanceMs(HOUR_MS);
  }
  // It was gone in the 24th hour.
  expect(lines.map((line) => Number.parseInt(line, 10))).toEqual([0, 25]);
});

test("logs two problems of one kind that differ in what is to be done", () => {
  const { note, lines } = journal();
  note([three, quarantined("1 event is quarantined: not JSON", "Look at it."), three]);
  expect(lines).toHaveLength(2);
});

test("logs a stop of the receiver nowhere: its own lines tell", () => {
  const { note, lines } = journal();
  note([{ problem: "shutting_down", what: "The receiver is stopping", remedy: "Wait." }]);
  expect(lines).toEqual([]);
});

test("looks every hour until it is ended, also after a look that failed", async () => {
  jest.useFakeTimers();
  try {
    const lines: string[] = [];
    let looks = 0;
    const ignore = () => {};
    const end = startProblemJournal({
      async problems() {
        looks += 1;
        if (looks === 1) throw new Error("the database can't be asked");
        return [three];
      },
      clock: standingClock(),
      log: { debug: ignore, info: ignore, error: ignore, warning: (line) => void lines.push(line) },
    });
    for (const expected of [0, 1, 1]) {
      jest.advanceTimersByTime(HOUR_MS);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      expect(lines).toHaveLength(expected);
    }
    end();
    jest.advanceTimersByTime(HOUR_MS);
    expect(looks).toBe(3);
  } finally {
    jest.useRealTimers();
  }
});
