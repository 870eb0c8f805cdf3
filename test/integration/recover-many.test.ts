import { expect, setDefaultTimeout, test } from "bun:test";
import { AGENT_ID } from "../../src/samples/sample.ts";
import type { Fault, FakeOptions } from "../helpers/fake-elevenlabs/server.ts";
import { call, DAY, HOUR, NOW, openRecovery } from "../helpers/recovery.ts";
import { transcription } from "../store-conformance/store.ts";

setDefaultTimeout(120_000);

const CALLS = 10_000;
const MISSING_EVERY = 40;
const WITH_RECORDING_EVERY = 80;
const MP3 = Buffer.alloc(30_000, "recording");

const FAULTS: Fault[] = [
  { kind: "status", status: 429, retryAfter: "0" },
  { kind: "status", status: 500 },
  { kind: "cut before" },
  { kind: "cut answer", afterBytes: 200, framing: "chunked" },
  { kind: "cut after" },
  { kind: "status", status: 503 },
  { kind: "cut answer", afterBytes: 900, framing: "length" },
  { kind: "status", status: 408 },
];
/** Costs the time limit of a test each: only some are slow. */
const SLOW: Fault = { kind: "slow", ms: 60_000 };
const SLOW_EVERY = 200;

/** The first try of every request fails, each in another way. */
function failingFirst(): NonNullable<FakeOptions["fault"]> {
  const seen = new Set<string>();
  return ({ path, query }) => {
    const asked = `${path} ${JSON.stringify(query)}`;
    if (seen.has(asked)) return null;
    seen.add(asked);
    return seen.size % SLOW_EVERY === 0 ? SLOW : (FAULTS[seen.size % FAULTS.length] ?? null);
  };
}

test("of 10,000 calls the 250 that are missing come, each once, though every request fails at first", async () => {
  const room = await openRecovery({ nowSeconds: NOW });
  const calls = Array.from({ length: CALLS }, (_, index) =>
    call(`conv_${index}`, 2 * HOUR + index * 60, {
      agentId: AGENT_ID,
      recording: index % WITH_RECORDING_EVERY === 0 ? MP3 : null,
      turns: [{ role: "user", message: `call ${index}`, time_in_call_secs: 0 }],
    }),
  );
  room.fake.workspace.conversations.push(...calls);
  const { events } = room.app().store;
  const here = calls.filter((_, index) => index % MISSING_EVERY !== 0);
  await Promise.all(
    here.map(({ id, startedAt }) =>
      events.add(
        transcription(
          id,
          { has_audio: false, metadata: { start_time_unix_secs: startedAt, call_duration_secs: 60 } },
          { receivedAtMs: (NOW - 8 * DAY) * 1000 },
        ),
      ),
    ),
  );

  room.fake.setFault(failingFirst());
  await room.tick();

  expect(room.failures).toEqual([]);
  expect(room.recovered).toEqual({ transcript: 250, recording: 125 });
  expect(
    room.rows("SELECT count(DISTINCT conversation_id) AS n FROM events WHERE source = 'recovered'"),
  ).toEqual([{ n: 250 }]);
  expect(
    room.rows(
      "SELECT type, count(*) AS n FROM events WHERE source = 'recovered' GROUP BY type ORDER BY type",
    ),
  ).toEqual([
    { type: "post_call_audio", n: 125 },
    { type: "post_call_transcription", n: 250 },
  ]);
  expect(
    room.rows("SELECT count(*) AS n FROM conversations WHERE event_id IS NULL AND turn_count > 0"),
  ).toEqual([{ n: 0 }]);
  const lists = room.fake.requests.filter(({ path }) => path === "/v1/convai/conversations");
  expect(new Set(lists.map(({ query }) => query.cursor)).size).toBe(100);
  expect(lists.filter(({ fault }) => fault === null)).toHaveLength(100);

  const before = room.fake.requests.length;
  await room.byHand();
  expect(room.recovered).toEqual({ transcript: 250, recording: 125 });
  expect(room.fake.requests.slice(before).every(({ path }) => path === "/v1/convai/conversations")).toBe(
    true,
  );
  await room.end();
});
