import { describe, expect, test } from "bun:test";
import { noFacts } from "../../src/model/conversation.ts";
import type { StoreOutcome } from "../../src/model/event.ts";
import type { Pool, Query } from "../../src/store/postgres/pool.ts";
import { insertAll } from "../../src/store/postgres/rows.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { openPostgresWriter } from "../helpers/postgres-writer.ts";
import { NOW_MS, quarantined, recordOf, transcription } from "../store-conformance/store.ts";

const server = sharedPostgres();
const isHere = hasPostgres("writing events to Postgres");
async function withWriter<T>(
  work: (opened: Awaited<ReturnType<typeof openPostgresWriter>>, url: string) => Promise<T>,
): Promise<T> {
  const url = await (await server()).createDatabase();
  const opened = await openPostgresWriter(url);
  try {
    return await work(opened, url);
  } finally {
    await opened.end();
  }
}

const isNew = (outcome: StoreOutcome): boolean => outcome !== "erased" && !outcome.isDuplicate;
const countOf = async ({ query }: Pool): Promise<number> =>
  (await query<{ count: number }>("SELECT count(*) AS count FROM events"))[0]?.count ?? 0;
const conversation = async ({ query }: Pool, id = "conv_1") =>
  (await query("SELECT * FROM conversations WHERE conversation_id = $1", [id]))[0];

describe.skipIf(!isHere)("what is written", () => {
  test("has the exact bytes, whatever they are, and ids in the order of arrival", async () => {
    await withWriter(async ({ writer, pool }) => {
      const odd = new Uint8Array([0, 255, 254, 128]);
      const records = [
        quarantined("a", { payload: odd, payloadIsText: false }),
        transcription("conv_1"),
        transcription("conv_2"),
      ];
      await Promise.all(records.map((record) => writer.store(record)));
      const rows = await pool.query("SELECT id, payload, conversation_id FROM events ORDER BY id");
      expect(rows).toEqual(
        records.map(({ payload, conversationId }, index) => ({
          id: index + 1,
          payload: Buffer.from(payload ?? []),
          conversation_id: conversationId,
        })),
      );
      expect(writer.progress()).toEqual({ waitingCount: 0, groupCount: 1, storedCount: 3 });
    });
  });

  test("is stored once, however often it comes, by how many receivers", async () => {
    await withWriter(async (one, url) => {
      const other = await openPostgresWriter(url, { instanceId: "b" });
      const records = Array.from({ length: 400 }, (_, id) => transcription(`conv_${id}`));
      const both = [one, other, one].flatMap(({ writer }) => records.map((record) => writer.store(record)));
      const outcomes = await Promise.all(both);
      expect(outcomes.filter(isNew)).toHaveLength(400);
      expect(await countOf(one.pool)).toBe(400);
      await other.end();
    });
  });

  test("is seen by one that follows the ids beside six receivers, all of it", async () => {
    await withWriter(async (one, url) => {
      const others = await Promise.all(
        ["b", "c", "d", "e", "f"].map((instanceId) => openPostgresWriter(url, { instanceId })),
      );
      const writers = [one, ...others].map(async ({ writer }, index) => {
        // One after the other: small groups, as often as can be.
        for (let count = 0; count < 60; count += 1)
          await writer.store(transcription(`conv_${index}_${count}`));
      });
      let isDone = false;
      const all = Promise.all(writers).then(() => (isDone = true));
      const seen: number[] = [];
      for (let wasDone = false; !wasDone;) {
        wasDone = isDone;
        const sql = "SELECT id FROM events WHERE id > $1::bigint ORDER BY id";
        const rows = await one.pool.query<{ id: number }>(sql, [seen.at(-1) ?? 0]);
        seen.push(...rows.map(({ id }) => id));
      }
      await all;
      await Promise.all(others.map((other) => other.end()));
      expect(seen).toHaveLength(360);
    });
  });

  test("is dropped if its conversation was erased", async () => {
    await withWriter(async ({ writer, pool }) => {
      const hash = new Bun.CryptoHasher("sha256").update("conv_1").digest("hex");
      await pool.query("INSERT INTO erasures (conversation_sha256, erased_at) VALUES ($1, 1)", [hash]);
      const outcomes = ["conv_1", "conv_2"].map((id) => writer.store(transcription(id)));
      expect(await Promise.all(outcomes)).toMatchObject(["erased", { isDuplicate: false }]);
      expect(await countOf(pool)).toBe(1);
    });
  });

  test("has no NUL and no half of a pair in its columns, nor an id that no index takes", async () => {
    await withWriter(async ({ writer, pool }) => {
      const facts = { ...noFacts, title: "a\0b\u{d800}c", agentId: "x".repeat(10_000) };
      const long = "y".repeat(10_000);
      const records = [
        transcription("conv_\0", {}, { facts }),
        transcription(long),
        quarantined("x", { type: long }),
        transcription("conv_3", {}, { agentId: long, turnsPayload: "\0" }),
      ];
      const outcomes = await Promise.all(records.map((record) => writer.store(record)));
      expect(outcomes.map((outcome) => outcome !== "erased" && outcome.error)).toEqual([
        null,
        "invalid_payload: the conversation's id is longer than 1,000 bytes",
        "unknown_type: this version does not know the type",
        null,
      ]);
      expect(await conversation(pool, "conv_\u{fffd}")).toMatchObject({
        title: "a\u{fffd}b\u{fffd}c",
        agent_id: null,
      });
      expect(await countOf(pool)).toBe(4);
      expect(await writer.store(transcription(long))).toMatchObject({ isDuplicate: true });
    });
  });

  test("is stored if what was here before is erased at the same moment", async () => {
    await withWriter(async ({ pool }) => {
      const record = quarantined("a");
      await insertAll(pool.query, [record]);
      let isErased = false;
      const erasing: Query = async <Row>(...given: Parameters<Query>) => {
        const rows = await pool.query<Row>(...given);
        // Between the statement that finds the body here and the one that asks for its outcome.
        if (!isErased) await pool.query("DELETE FROM events");
        isErased = true;
        return rows;
      };
      expect(await insertAll(erasing, [record])).toMatchObject([{ isDuplicate: false }]);
      expect(await countOf(pool)).toBe(1);
    });
  });

  test("is quarantined alone if the server refuses what was derived from it", async () => {
    await withWriter(async ({ writer, pool }) => {
      const facts = Object.assign({}, noFacts, { durationSecs: "ten" });
      const records = Array.from({ length: 9 }, (_, id) =>
        id === 5 ? transcription("conv_5", {}, { facts }) : transcription(`conv_${id}`),
      );
      const outcomes = await Promise.all(records.map((record) => writer.store(record)));
      expect(
        outcomes.flatMap((outcome, id) => (outcome !== "erased" && outcome.error !== null ? [id] : [])),
      ).toEqual([5]);
      expect(await pool.query("SELECT conversation_id FROM events WHERE status = 'quarantined'")).toEqual([
        { conversation_id: "conv_5" },
      ]);
      expect(await conversation(pool, "conv_5")).toBeUndefined();
    });
  });
});

describe.skipIf(!isHere)("a conversation", () => {
  const said = (data: Record<string, unknown>, receivedAtMs: number, id = "conv_1") =>
    transcription(id, data, { receivedAtMs });
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];

  test("has what the newest events say, in whichever order and groups they come", async () => {
    await withWriter(async ({ writer, pool }) => {
      for (const [order, size] of orders.flatMap((one) => [1, 2, 3].map((count) => [one, count] as const))) {
        const id = `conv_${order.join("")}_${size}`;
        const events = [
          said({ status: "processing", user_id: "first", transcript: [{ role: "user" }] }, NOW_MS, id),
          said({ status: "failed", agent_id: "agent_1" }, NOW_MS + 1000, id),
          said({ status: "done" }, NOW_MS + 2000, id),
        ];
        for (let first = 0; first < 3; first += size) {
          const group = order.slice(first, first + size).flatMap((index) => events[index] ?? []);
          await Promise.all(group.map((event) => writer.store(event)));
        }
        const [holder] = await pool.query(
          "SELECT id FROM events WHERE conversation_id = $1 AND received_at = $2",
          [id, NOW_MS],
        );
        expect(await conversation(pool, id)).toMatchObject({
          status: "done",
          user_id: "first",
          agent_id: "agent_1",
          turn_count: 1,
          event_id: holder?.id,
        });
      }
    });
  });

  test("is one of many of which older events come later, all in one group", async () => {
    await withWriter(async ({ writer, pool }) => {
      const ids = Array.from({ length: 80 }, (_, index) => `conv_${index}`);
      const storeAll = (data: Record<string, unknown>, receivedAtMs: number) =>
        Promise.all(ids.map((id) => writer.store(said({ ...data, agent_id: id }, receivedAtMs, id))));
      await storeAll({ status: "done" }, NOW_MS + 1000);
      await storeAll({ status: "processing", user_id: "u", transcript: [{ role: "user" }] }, NOW_MS);
      const rows = await pool.query(
        `SELECT conversation_id, event_id, fold_order FROM conversations
         WHERE status = 'done' AND user_id = 'u' AND turn_count = 1 AND agent_id = conversation_id ORDER BY row_id`,
      );
      expect(rows).toMatchObject(
        ids.map((conversation_id, index) => ({ conversation_id, event_id: 81 + index })),
      );
    });
  });

  test("has what delivered events say, whatever the times of those that were recovered", async () => {
    await withWriter(async ({ writer, pool }) => {
      await writer.store(said({ status: "done" }, NOW_MS));
      await writer.store({ ...said({ status: "failed", user_id: "u" }, NOW_MS + 5000), source: "recovered" });
      expect(await conversation(pool)).toMatchObject({ status: "done", user_id: "u" });
    });
  });

  test("has the recording that arrived last, and not once more that of a body that comes again", async () => {
    await withWriter(async ({ writer, pool }) => {
      const audio = (name: string, receivedAtMs: number) => ({
        ...recordOf({ type: "post_call_audio", data: { conversation_id: "conv_1", name } }),
        recording: { path: `2026/11/02/${name}.mp3`, byteCount: 1, sha256: name },
        receivedAtMs,
      });
      await Promise.all([audio("a", NOW_MS), audio("b", NOW_MS + 1)].map((record) => writer.store(record)));
      expect(await conversation(pool)).toMatchObject({ audio_sha256: "b", audio_received_at: NOW_MS + 1 });
      const again = [audio("a", NOW_MS + 2), said({ status: "done" }, NOW_MS + 3)];
      await Promise.all(again.map((record) => writer.store(record)));
      expect(await conversation(pool)).toMatchObject({ audio_sha256: "b", status: "done" });
    });
  });

  test("that could not be started is a failure alone", async () => {
    await withWriter(async ({ writer, pool }) => {
      const data = { conversation_id: "conv_1", failure_reason: "busy" };
      await writer.store(recordOf({ type: "call_initiation_failure", data }));
      expect(await conversation(pool)).toBeUndefined();
      expect(await pool.query("SELECT event_id, conversation_id, reason FROM call_failures")).toEqual([
        { event_id: 1, conversation_id: "conv_1", reason: "busy" },
      ]);
    });
  });
});
