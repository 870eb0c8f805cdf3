import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { event, json, NOON, otel } from "../helpers/conversation-events.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";

const RECEIVED_MS = (NOON + 3600) * 1000;

let app: TestApp;
let nowMs: number;

beforeEach(async () => {
  nowMs = RECEIVED_MS;
  const tolerant = { toleranceSeconds: Number.MAX_SAFE_INTEGER };
  app = await openTestApp({ clock: { nowMs: () => nowMs++, monotonicMs: () => 0 }, config: tolerant });
});

afterEach(() => app.close());

const said = (message: string) => ({ transcript: [{ role: "user", message }] });

function column(name: string): unknown {
  return app.rows(`SELECT ${name} AS value FROM conversations WHERE conversation_id = 'conv_1'`)[0]?.value;
}

async function post(...bodies: string[]): Promise<void> {
  for (const body of bodies) expect((await app.post(body)).status).toBe(200);
}

const messages = () =>
  app.rows<{ message: string }>("SELECT message FROM turns").map(({ message }) => message);

/** Five events about one conversation, with a tie, a gap and one without a time. */
const bodiesOf = (id: string) => [
  json(10, { ...said("Hello"), agent_id: "agent_1", agent_name: "Ada", metadata: { cost: 7 } }, id),
  audio(id, Buffer.from("recording"), NOON + 20),
  otel(10, { agent_name: "Bob", status: "done", user_id: "user_1" }, ["Other"], id),
  event("answering_machine_detection", null, { answered_by: "human" }, id),
  json(30, { agent_id: "agent_2", transcript: [], metadata: { call_duration_secs: 5 } }, id),
];

describe("a conversation", () => {
  test("has the same row whichever of its events comes first", async () => {
    const orders = permutations([0, 1, 2, 3, 4]);
    expect(orders).toHaveLength(120);
    for (const order of orders) {
      const bodies = bodiesOf(`conv_${order.join("")}`);
      await post(...order.map((index) => bodies[index] ?? ""));
    }
    const sql = `SELECT conversations.agent_id, agent_name, conversations.status, user_id, duration_secs, cost_credits,
      turn_count, voicemail, audio_bytes, audio_sha256, events.type AS turns_of,
      replace(audio_path, conversations.conversation_id, 'conv') AS audio_path,
      (SELECT group_concat(message) FROM turns WHERE turns.conversation_id = conversations.conversation_id) AS said
      FROM conversations JOIN events ON events.id = event_id`;
    expect(app.rows(`SELECT DISTINCT * FROM (${sql})`)).toEqual([
      {
        agent_id: "agent_2",
        agent_name: "Ada",
        status: "done",
        user_id: "user_1",
        duration_secs: 5,
        cost_credits: 7,
        turn_count: 1,
        voicemail: 0,
        audio_bytes: 9,
        audio_sha256: new Bun.CryptoHasher("sha256").update("recording").digest("hex"),
        turns_of: "post_call_transcription",
        audio_path: "2026/11/02/conv.mp3",
        said: "Hello",
      },
    ]);
    expect(app.rows("SELECT count(*) AS n FROM conversations")).toEqual([{ n: 120 }]);
  });

  test("takes each column from the newest event that says something of it", async () => {
    await post(
      json(20, { agent_name: "new", status: "done" }),
      json(10, { agent_name: "old", user_id: "old" }),
      json(30, { status: null, user_id: 5 }),
    );
    expect(app.rows("SELECT agent_name, status, user_id, updated_at FROM conversations")).toEqual([
      { agent_name: "new", status: "done", user_id: "old", updated_at: expect.any(Number) },
    ]);
  });

  test("does not let an empty or odd value replace one", async () => {
    await post(
      json(10, { agent_name: "Ada" }),
      json(20, { agent_name: "" }),
      json(30, { agent_name: ["x"] }),
    );
    expect(column("agent_name")).toBe("Ada");
  });

  test("orders events without a time by their receipt", async () => {
    await post(json(7200, { agent_name: "sent after the receipt" }), json(null, { agent_name: "received" }));
    expect(column("agent_name")).toBe("sent after the receipt");
    nowMs = (NOON + 9000) * 1000;
    await post(json(null, { agent_name: "received later" }));
    expect(column("agent_name")).toBe("received later");
  });

  test("believes the JSON form where the OpenTelemetry form has the same time", async () => {
    await post(json(10, { agent_name: "json", ...said("json") }), otel(10, { agent_name: "otel" }, ["otel"]));
    expect(column("agent_name")).toBe("json");
    expect(messages()).toEqual(["json"]);
  });

  test("believes the OpenTelemetry form where it is newer", async () => {
    await post(otel(11, { agent_name: "otel" }, ["otel"]), json(10, { agent_name: "json", ...said("json") }));
    expect(column("agent_name")).toBe("otel");
    expect(messages()).toEqual(["otel"]);
  });

  test("believes the later arrival of two with the same time and form", async () => {
    await post(
      json(10, { agent_name: "first", ...said("first") }),
      json(10, { agent_name: "second", ...said("second") }),
    );
    expect(column("agent_name")).toBe("second");
    // An older event that fills a gap has the row made anew.
    await post(json(5, { agent_name: "older", status: "done" }));
    expect(column("agent_name")).toBe("second");
    expect(messages()).toEqual(["second"]);
  });

  test.each([
    ["an empty transcript", { transcript: [] }],
    ["no transcript", {}],
    ["a transcript that is null", { transcript: null }],
    ["a transcript of strings", { transcript: ["x"] }],
  ])("keeps its turns when a newer event has %s", async (_name, data) => {
    await post(json(10, said("kept")), json(20, { ...data, status: "done" }));
    expect(messages()).toEqual(["kept"]);
    expect(app.rows("SELECT turn_count, status FROM conversations")).toEqual([
      { turn_count: 1, status: "done" },
    ]);
  });

  test("has the last recording to arrive, whatever the events' times", async () => {
    await post(
      audio("conv_1", Buffer.from("first"), NOON + 20),
      audio("conv_1", Buffer.from("second!"), NOON + 10),
    );
    expect(column("audio_bytes")).toBe(7);
  });

  test("is not touched by events of others", async () => {
    await post(json(10, { agent_name: "Ada" }), json(20, { agent_name: "Bob" }, "conv_2"));
    expect(column("agent_name")).toBe("Ada");
  });
});

describe("a call that could not be started", () => {
  test("makes a row of its own and no conversation", async () => {
    await post(fixture("call_initiation_failure_sip_486.json").toString());
    await post(fixture("call_initiation_failure_twilio_busy.json").toString());
    expect(app.rows("SELECT * FROM conversations")).toBeEmpty();
    expect(app.rows("SELECT reason, provider, provider_code FROM call_failures")).toEqual([
      { reason: "busy", provider: "sip", provider_code: "486" },
      { reason: "busy", provider: "twilio", provider_code: "486" },
    ]);
  });

  test("leaves the conversation that there is as it was", async () => {
    await post(transcription("conv_1", { agent_name: "Ada" }));
    const [before] = app.rows("SELECT * FROM conversations");
    await post(event("call_initiation_failure", 9000, { agent_name: "Bob", failure_reason: "busy" }));
    expect(app.rows("SELECT * FROM conversations")).toEqual([before ?? {}]);
    expect(app.rows("SELECT conversation_id, reason, occurred_at FROM call_failures")).toEqual([
      { conversation_id: "conv_1", reason: "busy", occurred_at: NOON + 9000 },
    ]);
  });
});

function permutations(items: number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((others) => [item].concat(others)),
  );
}
