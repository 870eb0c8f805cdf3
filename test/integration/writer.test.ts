import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/platform/log.ts";
import { openConnection } from "../../src/store/sqlite/connection.ts";
import type { Connection } from "../../src/store/sqlite/connection.ts";
import { noFacts } from "../../src/model/conversation.ts";
import type { EventRecord } from "../../src/model/event.ts";
import { createWriter } from "../../src/store/sqlite/writer.ts";
import type { Writer } from "../../src/store/sqlite/writer.ts";

let folder: string;
let path: string;
let connection: Connection;
let writer: Writer;
let logLines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "receiver-"));
  path = join(folder, "transcripts.sqlite");
  connection = openConnection(path);
  logLines = [];
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const onLate = { begun: () => {}, ended: () => {} };
  writer = createWriter({ connection, connect: () => openConnection(path), onLate, log });
});

afterEach(() => {
  writer.close();
  rmSync(folder, { recursive: true, force: true });
});

function record(id: number, more: Partial<EventRecord> = {}): EventRecord {
  return {
    type: "post_call_transcription",
    conversationId: `conv_${id}`,
    agentId: null,
    eventTimestamp: null,
    receivedAtMs: 1,
    status: "processed",
    error: null,
    bodySha256: String(id).padStart(64, "0"),
    bodyBytes: 2,
    payload: Buffer.from("{}"),
    payloadIsText: true,
    turnsPayload: null,
    payloadPath: null,
    facts: noFacts,
    failure: null,
    recording: null,
    source: "webhook",
    ...more,
  };
}

const records = (count: number) => Array.from({ length: count }, (_, id) => record(id));

/** Stores all at once, as deliveries that arrive together do. */
function storeAll(all: EventRecord[]) {
  return Promise.allSettled(all.map((one) => writer.store(one)));
}

function rows(sql: string): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.query(sql).all();
  } finally {
    database.close();
  }
}

function alterDatabase(sql: string): void {
  const database = new Database(path);
  database.run(sql);
  database.close();
}

/** Facts of a type that a STRICT column refuses, as a fault in the code that derives them would make. */
const oddFacts = () => Object.assign({}, noFacts, { durationSecs: "ten" });

describe("of 32 events that are written together", () => {
  const ODD = 16;

  test.each([
    ["facts that their column refuses", () => ({ facts: oddFacts() })],
    ["facts that can't be bound", () => ({ facts: Object.assign({}, noFacts, { title: { a: 1 } }) })],
    [
      "a call failure that its column refuses",
      () => ({
        failure: Object.assign(
          {
            reason: null,
            provider: null,
            providerCode: null,
            fromNumber: null,
            toNumber: null,
            occurredAt: null,
            metadata: null,
          },
          { occurredAt: "now" },
        ),
      }),
    ],
  ])("one with %s is quarantined and the others are stored", async (_name, odd) => {
    const group = records(32);
    group[ODD] = record(ODD, odd());
    const results = await storeAll(group);
    expect(results.every(({ status }) => status === "fulfilled")).toBe(true);
    expect(rows("SELECT conversation_id, error, payload FROM events WHERE status = 'quarantined'")).toEqual([
      { conversation_id: `conv_${ODD}`, error: expect.stringMatching(/^invalid_payload: /), payload: "{}" },
    ]);
    expect(rows("SELECT count(*) AS n FROM events WHERE status = 'processed'")).toEqual([{ n: 31 }]);
    expect(rows("SELECT count(*) AS n FROM conversations")).toEqual([{ n: 31 }]);
    expect(rows("SELECT * FROM call_failures")).toBeEmpty();
    expect(logLines).toEqual([expect.stringContaining("is quarantined")]);
  });

  test("two with the same body are one row, and the later one hears that it is a duplicate", async () => {
    const results = await storeAll([record(1), record(1)]);
    expect(results).toMatchObject([{ value: { isDuplicate: false } }, { value: { isDuplicate: true } }]);
    expect(rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 1 }]);
  });

  test("all are refused where the database refuses all, and none is stored", async () => {
    alterDatabase("ALTER TABLE events RENAME TO elsewhere");
    const results = await storeAll(records(32));
    expect(results.every(({ status }) => status === "rejected")).toBe(true);
    alterDatabase("ALTER TABLE elsewhere RENAME TO events");
    expect(rows("SELECT * FROM events")).toBeEmpty();
  });
});

test("more events than one group holds are all stored, in the order of their arrival", async () => {
  const results = await storeAll(records(1000));
  expect(results.every(({ status }) => status === "fulfilled")).toBe(true);
  const ids = rows("SELECT conversation_id FROM events ORDER BY id").map(
    (row) => Object(row).conversation_id,
  );
  expect(ids).toEqual(records(1000).map(({ conversationId }) => conversationId));
});

describe("after a failure", () => {
  test("the writer is not healthy before it has written on a new connection", async () => {
    expect(writer.isHealthy()).toBe(true);
    alterDatabase("ALTER TABLE events RENAME TO elsewhere");
    expect((await storeAll([record(1)]))[0]?.status).toBe("rejected");
    expect(writer.isHealthy()).toBe(false);
    expect(() => writer.findByBody({ bodySha256: "x", conversationId: null })).toThrow();

    alterDatabase("ALTER TABLE elsewhere RENAME TO events");
    expect(writer.isHealthy()).toBe(true);
    expect(logLines.at(-1)).toContain("takes writes again");
    expect((await storeAll([record(1)]))[0]?.status).toBe("fulfilled");
  });

  test("of the connection, the next event is stored on another", async () => {
    connection.close();
    expect((await storeAll([record(1)]))[0]?.status).toBe("rejected");
    expect((await storeAll([record(1)]))[0]?.status).toBe("fulfilled");
    expect(rows("SELECT conversation_id FROM events")).toEqual([{ conversation_id: "conv_1" }]);
  });
});

test("counts what it stores, and not what was stored before", async () => {
  await storeAll([record(1), record(2)]);
  await storeAll([record(2)]);
  expect(writer.progress()).toEqual({ waitingCount: 0, groupCount: 2, storedCount: 2 });
});
