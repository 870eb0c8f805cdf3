import { afterEach, expect, test } from "bun:test";
import { superviseUnder } from "../../../src/daemon/supervision.ts";
import type { Supervision } from "../../../src/daemon/supervision.ts";

let supervision: Supervision | null = null;
afterEach(() => supervision?.end());

/** Supervises with a watchdog of 30 ms, and returns what is told. */
function supervise(watchdogMs: number | null = 30, waitingAt?: (look: number) => number, isConnected = true) {
  const state = {
    waitingCount: 0,
    groupCount: 0,
    storedCount: 0,
    problem: null as string | null,
    whyNotCalled: null as string | null,
  };
  let looks = 0;
  const messages: string[] = [];
  supervision = superviseUnder({
    notify: (message) => messages.push(message),
    watchdogMs,
    url: "http://127.0.0.1:3004",
    isConnected,
    whyNotCalled: () => state.whyNotCalled,
    progress() {
      looks += 1;
      return { ...state, waitingCount: waitingAt?.(looks) ?? state.waitingCount };
    },
    healthProblem: () => state.problem,
  });
  const untilLine = async (line: string) => {
    while (!messages.some((message) => message.split("\n").includes(line))) await Bun.sleep(1);
  };
  const looksMore = async (count: number) => {
    for (const enough = looks + count; looks < enough;) await Bun.sleep(1);
  };
  return { state, messages, untilLine, looksMore, supervision };
}

const feeds = (messages: string[]) => messages.filter((message) => message.includes("WATCHDOG=1")).length;

test("is ready, and says where it receives", () => {
  const { messages } = supervise(null);
  expect(messages).toEqual([
    "READY=1\nSTATUS=Receiving on http://127.0.0.1:3004; 0 events stored since the start",
  ]);
});

test("says that it is not connected while it holds no secret of ElevenLabs", () => {
  const { messages } = supervise(null, undefined, false);
  expect(messages.join()).toContain("STATUS=Listening on http://127.0.0.1:3004, not connected: run connect;");
});

test("says that ElevenLabs does not call", async () => {
  const { state, untilLine } = supervise();
  state.whyNotCalled = "ElevenLabs has disabled the webhook (last failure 502, 3 h ago)";
  await untilLine(
    "STATUS=Receiving on http://127.0.0.1:3004; ElevenLabs has disabled the webhook (last failure 502, 3 h ago); 0 events stored since the start",
  );
});

test("feeds the watchdog, and says what has changed", async () => {
  const { state, messages, untilLine } = supervise();
  await untilLine("WATCHDOG=1");
  state.storedCount = 7;
  await untilLine("STATUS=Receiving on http://127.0.0.1:3004; 7 events stored since the start");
  while (messages.at(-1) !== "WATCHDOG=1") await Bun.sleep(1);
});

test("an unhealthy receiver says so, and is fed on", async () => {
  const { state, messages, untilLine } = supervise();
  state.problem = "disk_low";
  await untilLine("STATUS=NOT RECEIVING on http://127.0.0.1:3004: disk_low; 0 events stored since the start");
  const count = feeds(messages);
  while (feeds(messages) < count + 3) await Bun.sleep(1);
});

test("is not fed while waiting events do not get on, and fed again when they do", async () => {
  const { state, messages, looksMore } = supervise();
  state.waitingCount = 3;
  await looksMore(1);
  const count = feeds(messages);
  await looksMore(5);
  expect(feeds(messages)).toBe(count);
  state.groupCount = 1;
  while (feeds(messages) === count) await Bun.sleep(1);
});

test("is fed while an event has only just begun to wait", async () => {
  const { messages, looksMore } = supervise(30, (look) => look % 2);
  await looksMore(6);
  expect(feeds(messages)).toBeGreaterThan(5);
});

test("is fed while more and more waits but gets on", async () => {
  const { state, messages } = supervise();
  while (feeds(messages) < 5) {
    state.waitingCount += 1;
    state.groupCount += 1;
    await Bun.sleep(1);
  }
});

test("asks for more time while it stops", async () => {
  const { messages, untilLine, supervision: running } = supervise();
  running.stopping();
  expect(messages.at(-1)?.split("\n")).toEqual([
    "STOPPING=1",
    "WATCHDOG=1",
    "EXTEND_TIMEOUT_USEC=30000",
    "STATUS=Stopping: finishing what is in flight; 0 events stored since the start",
  ]);
  await untilLine("EXTEND_TIMEOUT_USEC=30000");
});
