import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createErase } from "../../src/erase/erase.ts";
import { createRetention } from "../../src/erase/retention.ts";
import { createTrustedClock } from "../../src/erase/trusted-clock.ts";
import { bodyPath } from "../../src/model/body.ts";
import type { EventRecord } from "../../src/model/event.ts";
import { createLog } from "../../src/platform/log.ts";
import { ObjectFault } from "../../src/store/objects/faults.ts";
import type { Objects } from "../../src/store/objects/objects.ts";
import type { Store } from "../../src/store/port.ts";
import { ensureDataId, readLineage } from "../../src/store/postgres/data-id.ts";
import { recoverOrphans } from "../../src/store/postgres/orphans.ts";
import { lockSql } from "../../src/store/postgres/locks.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { recordOfLeftBody } from "../../src/webhook/record.ts";
import { openFileObjects } from "../helpers/file-objects.ts";
import { standingClock } from "../helpers/clock.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { NOW_MS, put, quarantined, recordOf, sha256Of, transcription } from "../store-conformance/store.ts";

const DAY_MS = 86_400_000;
const OLD_MS = NOW_MS - 40 * DAY_MS;

const server = sharedPostgres({ fsync: "off" });
let folder: string;
let databaseUrl: string;
let objects: Objects;
let pool: Pool;
let stores: Store[];
let logLines: string[];
const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });

/** Instances on one database and one folder in place of a bucket. */
async function openStores(count: number): Promise<Store[]> {
  const options = { databaseUrl, objects, spoolFolder: folder, recordOfLeftBody, log };
  const opened = await Promise.all(Array.from({ length: count }, () => openPostgresStore(options)));
  stores.push(...opened);
  return opened;
}

async function openTwo(): Promise<[Store, Store]> {
  const [one, other] = await openStores(2);
  if (one === undefined || other === undefined) throw new Error("two were asked for");
  return [one, other];
}

async function rowsOf(table: string, id: string): Promise<number> {
  const text = `SELECT count(*) AS count FROM ${table} WHERE conversation_id = $1`;
  return (await pool.query<{ count: number }>(text, [id]))[0]?.count ?? -1;
}

/** What is in the tables of a conversation. */
const rows = async (id: string) =>
  (
    await Promise.all(["events", "conversations", "recovery_pending"].map((table) => rowsOf(table, id)))
  ).reduce((sum, count) => sum + count);

/** Erases a conversation as DELETE does. */
async function erase({ events: { eraser } }: Store, id: string): Promise<boolean> {
  if (!(await eraser.begin(id, NOW_MS))) return false;
  const { erased, failures } = await eraser.erase([id]);
  expect({ erased, failures }).toEqual({ erased: [id], failures: [] });
  await eraser.forget([id]);
  await eraser.finish();
  return true;
}

/** The whole of it, without a search index. */
function eraseOf({ events: { eraser } }: Store) {
  const index = { erase: async () => {}, finish: async () => {} };
  return createErase({ eraser, index, announce: async () => 0, clock: standingClock(), log });
}

function nameOf(id: string, content: string, timeMs: number): string {
  const day = new Date(timeMs).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/${id}-${sha256Of(content)}.mp3`;
}

/** Uploads a recording, and says what its event is to be. */
async function upload(id: string, content: string, receivedAtMs = NOW_MS) {
  const path = await put(objects.newRecordings, content, [nameOf(id, content, receivedAtMs)]);
  const body = {
    type: "post_call_audio",
    event_timestamp: receivedAtMs / 1000,
    data: { conversation_id: id, content },
  };
  const recording = { path, byteCount: content.length, sha256: sha256Of(content) };
  return recordOf(body, { receivedAtMs, recording });
}

const age = ({ recording }: EventRecord, modifiedAtMs: number) =>
  utimes(join(folder, "audio", recording?.path ?? ""), modifiedAtMs / 1000, modifiedAtMs / 1000);

describe.skipIf(!hasPostgres("erasing in Postgres, in several instances"))("erasing in Postgres", () => {
  beforeEach(async () => {
    logLines = [];
    stores = [];
    folder = mkdtempSync(join(tmpdir(), "erase-"));
    databaseUrl = await (await server()).createDatabase();
    objects = await openFileObjects(folder, { storesRecordings: true, log });
    pool = openPool({ url: databaseUrl, connectionsMax: 2 });
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("while another instance stores", () => {
    test("nothing of a conversation is left, whatever is added to it meanwhile", async () => {
      const [one, other] = await openTwo();
      const ids = Array.from({ length: 6 }, (_, id) => `conv_${id}`);
      await Promise.all(ids.map((id) => one.events.add(transcription(id))));
      let isOver = false;
      const outcomes: unknown[] = [];
      async function addUntilOver(): Promise<void> {
        for (let n = 0; !isOver; n += 1) {
          const added = await Promise.all(
            ids.map((id) => other.events.add(transcription(id, { status: `status ${n}` }))),
          );
          outcomes.push(...added.filter((outcome) => outcome !== "erased"));
        }
      }
      const adding = addUntilOver();
      while (outcomes.length < ids.length) await Bun.sleep(1);
      for (const id of ids) expect(await erase(one, id)).toBe(true);
      isOver = true;
      await adding;
      expect(await Promise.all(ids.map(rows))).toEqual(ids.map(() => 0));
      expect(await other.events.add(transcription(ids[0] ?? "", { status: "later" }))).toBe("erased");
    });

    test("an event that waited for its turn while its conversation's erasure began is dropped", async () => {
      const [one] = await openTwo();
      await one.events.add(transcription("conv_1"));
      let adding: Promise<unknown> = Promise.resolve();
      await pool.transaction(async (query) => {
        await query(lockSql("writes"));
        adding = one.events.add(transcription("conv_1", { status: "later" }));
        const waiting = "SELECT 1 AS one FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        while ((await query(waiting)).length === 0) await Bun.sleep(1);
        const values = [sha256Of("conv_1"), NOW_MS];
        await query("INSERT INTO erasures (conversation_sha256, erased_at) VALUES ($1, $2)", values);
      });
      expect(await adding).toBe("erased");
    });

    test("a recording that it is uploading goes when its event comes to its row", async () => {
      const [one, other] = await openTwo();
      await one.events.add(transcription("conv_1"));
      await one.events.eraser.begin("conv_1", NOW_MS);
      const record = await upload("conv_1", "during");
      expect(await one.events.eraser.erase(["conv_1"])).toMatchObject({ erased: ["conv_1"] });
      // The one was uploaded before the erasure listed what is there, the other after it.
      expect(await objects.recordings.list()).toEqual([]);
      const late = await upload("conv_1", "after");
      await one.events.eraser.forget(["conv_1"]);
      await one.events.eraser.finish();
      expect(await Promise.all([record, late].map(other.events.add))).toEqual(["erased", "erased"]);
      expect(await objects.recordings.list()).toEqual([]);
      expect(await rows("conv_1")).toBe(0);
    });

    test("a body that it has put beside its row goes too", async () => {
      const [one, other] = await openTwo();
      await one.events.add(transcription("conv_1"));
      expect(await erase(one, "conv_1")).toBe(true);
      const path = bodyPath(sha256Of("large"));
      await put(objects.bodies, "large", [path]);
      const large = {
        payload: null,
        payloadPath: path,
        bodySha256: sha256Of("large"),
        conversationId: "conv_1",
      };
      expect(await other.events.add(quarantined("large", large))).toBe("erased");
      expect(await objects.bodies.list()).toEqual([]);
    });

    test("a quarantined event that becomes one of an erased conversation goes, also if another receiver reads it again", async () => {
      const [one, other] = await openTwo();
      await one.events.add(transcription("conv_1"));
      await one.events.add(quarantined("unknown", { conversationId: null }));
      expect(await erase(one, "conv_1")).toBe(true);
      expect(await other.events.replace(2, transcription("conv_1"))).toBe("erased");
      expect(await one.events.quarantined(2)).toBeNull();
    });
  });

  test("six instances erase the same conversations at once, and nothing of them is left", async () => {
    const six = await openStores(6);
    const ids = Array.from({ length: 20 }, (_, id) => `conv_${id}`);
    const records = await Promise.all(ids.map((id) => upload(id, `recording of ${id}`)));
    await Promise.all(records.map((record) => six[0]?.events.add(record)));
    const erasing = six.map(async (store, index) => {
      for (const id of index % 2 === 0 ? ids : ids.toReversed()) await erase(store, id);
    });
    await Promise.all(erasing);
    expect(await Promise.all(ids.map(rows))).toEqual(ids.map(() => 0));
    expect(await objects.recordings.list()).toEqual([]);
    expect(await six[5]?.events.eraser.unfinished()).toEqual([]);
    expect(await six[5]?.events.eraser.areTracesLeft()).toBe(false);
  });

  test("all recordings of a conversation go, also those that a row does not name, and nobody else's", async () => {
    const [store] = await openStores(1);
    if (store === undefined) throw new Error("none");
    for (const content of ["first", "second"]) await store.events.add(await upload("conv_1", content));
    await upload("conv_1", "left by a stop");
    const other = await upload("conv_1-2", "of another");
    await store.events.add(other);
    expect(await erase(store, "conv_1")).toBe(true);
    expect(await objects.recordings.list()).toEqual([other.recording?.path ?? ""]);
  });

  test("what the bucket does not let go is tried again, and said to be in the bucket", async () => {
    let isDown = true;
    const fault = new ObjectFault("the bucket b does not answer", "check the network", "DEADLINE", true);
    const remove = (name: string) => (isDown ? Promise.reject(fault) : objects.recordings.remove(name));
    const failing = { ...objects, recordings: { ...objects.recordings, remove } };
    const store = await openPostgresStore({
      databaseUrl,
      objects: failing,
      spoolFolder: folder,
      recordOfLeftBody,
      log,
    });
    stores.push(store);
    await store.events.add(await upload("conv_1", "recording"));
    await store.events.add(transcription("conv_2"));
    const erasing = eraseOf(store);
    await expect(erasing.eraseOne("conv_1")).rejects.toThrow("the bucket b does not answer");
    expect(await erasing.eraseOne("conv_2")).toMatchObject({ kind: "erased" });
    expect(logLines.join("")).toContain(
      "tried again every hour: the bucket b does not answer: check the network",
    );
    expect(await rows("conv_1")).toBe(2);
    expect(await store.events.eraser.unfinished()).toEqual(["conv_1"]);
    isDown = false;
    await erasing.resume();
    expect(await rows("conv_1")).toBe(0);
    expect(await objects.recordings.list()).toEqual([]);
    expect(await store.events.eraser.unfinished()).toEqual([]);
  });

  test.each(["conv\0", "c".repeat(10_000), "\ud800"])(
    "a conversation of an odd id is none: %#",
    async (id) => {
      const [store] = await openStores(1);
      expect(await store?.events.eraser.begin(id, NOW_MS)).toBe(false);
      expect(await store?.events.eraser.beginOld([], NOW_MS, NOW_MS)).toEqual([]);
    },
  );

  describe("by age", () => {
    const inForce = JSON.stringify({ inForce: 30, waiting: null });

    function retentionOf(store: Store) {
      const clock = standingClock();
      const { eraser, retentionState: state } = store.events;
      const trustedClock = createTrustedClock(clock);
      trustedClock.delivered({ signedAtMs: NOW_MS });
      const parts = { eraser, state, trustedClock, clock, log, syncedAtMs: () => null };
      const days = { retentionDays: 30, audioRetentionDays: 30 };
      return createRetention({ ...parts, ...days, erase: eraseOf(store) }, new AbortController().signal);
    }

    test("one instance does it at a time", async () => {
      const [one, other] = await openTwo();
      const begun = Promise.withResolvers<void>();
      const going = Promise.withResolvers<void>();
      const first = one.events.retentionState.alone(async () => {
        begun.resolve();
        await going.promise;
        return "first";
      });
      await begun.promise;
      expect(await other.events.retentionState.alone(async () => "second")).toBeNull();
      going.resolve();
      expect(await first).toBe("first");
      expect(await other.events.retentionState.alone(async () => "second")).toBe("second");
    });

    test("what is too old goes once when both begin at the same moment, and the rest stays", async () => {
      const [one, other] = await openTwo();
      const ids = Array.from({ length: 250 }, (_, id) => `conv_${id}`);
      await Promise.all(
        ids.map((id, index) =>
          one.events.add(transcription(id, {}, { receivedAtMs: index < 230 ? OLD_MS : NOW_MS })),
        ),
      );
      await one.events.add(recordOf({ type: "agent_qa", data: {} }, { receivedAtMs: OLD_MS }));
      await one.events.retentionState.set("retention_days", inForce);
      await one.events.retentionState.set("audio_retention_days", inForce);
      await Promise.all([one, other].map((store) => retentionOf(store).tick()));
      const left = await pool.query<{ id: string }>("SELECT conversation_id AS id FROM events");
      expect(left.map(({ id }) => id).toSorted()).toEqual(ids.slice(230).toSorted());
      expect(logLines.filter((line) => line.includes("Erased what was too old"))).toHaveLength(1);
      expect(logLines.filter((line) => line.includes("Erasing failed"))).toEqual([]);
    });

    test("a recording that came since stays beside the one that goes", async () => {
      const [one, other] = await openTwo();
      const old = await upload("conv_1", "old", OLD_MS);
      await one.events.add(old);
      // Of the same day, but delivered much later.
      const young = { ...(await upload("conv_1", "young", OLD_MS)), receivedAtMs: NOW_MS };
      const { eraser } = one.events;
      await age(old, OLD_MS);
      await age(young, NOW_MS + 1);
      expect(await eraser.eraseRecordings(["conv_1"], NOW_MS)).toEqual({ erased: ["conv_1"], failures: [] });
      expect(await objects.recordings.list()).toEqual([young.recording?.path ?? ""]);
      await other.events.add(young);
      expect(await eraser.eraseRecordings(["conv_1"], NOW_MS)).toEqual({ erased: [], failures: [] });
    });
  });

  describe("an object that a stop has left without its row", () => {
    const find = (beforeMs = Date.now() + 1000) =>
      recoverOrphans({
        objects,
        pool,
        storesRecordings: true,
        recordOfLeftBody,
        log,
        beforeMs,
        signal: new AbortController().signal,
      });

    test("is adopted, once, if it is a recording, and left alone while it is young", async () => {
      const [store] = await openStores(1);
      const { recording } = await upload("conv_1", "recording");
      expect(await find(0)).toEqual({ adopted: 0, removed: 0 });
      expect(await find()).toEqual({ adopted: 1, removed: 0 });
      expect(await find()).toEqual({ adopted: 0, removed: 0 });
      const known = await store?.recoveries.known(["conv_1"]);
      expect(known).toMatchObject([{ audioPath: recording?.path }]);
      // The event that it came with may still come.
      expect(await store?.events.add(transcription("conv_1", { status: "done" }))).toMatchObject({
        error: null,
      });
      const text = "SELECT status, audio_path FROM conversations";
      expect(await pool.query(text)).toMatchObject([{ status: "done", audio_path: recording?.path }]);
    });

    test("is adopted by a conversation that has none, and stays beside a recording of it", async () => {
      const [store] = await openStores(1);
      await store?.events.add(transcription("conv_1", { status: "done" }));
      const { recording } = await upload("conv_1", "recording");
      expect(await find()).toEqual({ adopted: 1, removed: 0 });
      await upload("conv_1", "another");
      expect(await find()).toEqual({ adopted: 0, removed: 0 });
      const text = "SELECT status, audio_path FROM conversations";
      expect(await pool.query(text)).toMatchObject([{ status: "done", audio_path: recording?.path }]);
      expect(await objects.recordings.list()).toHaveLength(2);
    });

    test("goes if its conversation was erased", async () => {
      const [store] = await openStores(1);
      await store?.events.add(transcription("conv_1"));
      if (store !== undefined) await erase(store, "conv_1");
      await upload("conv_1", "recording");
      await put(objects.bodies, JSON.stringify({ type: "new", data: { conversation_id: "conv_1" } }), [
        bodyPath(sha256Of(JSON.stringify({ type: "new", data: { conversation_id: "conv_1" } }))),
      ]);
      expect(await find()).toEqual({ adopted: 0, removed: 2 });
      expect([...(await objects.recordings.list()), ...(await objects.bodies.list())]).toEqual([]);
    });

    test("is quarantined if it is a body, and goes if that was processed since", async () => {
      const [store] = await openStores(1);
      const path = bodyPath(sha256Of("what is this"));
      await put(objects.bodies, "what is this", [path]);
      expect(await find()).toEqual({ adopted: 1, removed: 0 });
      expect(await find()).toEqual({ adopted: 0, removed: 0 });
      expect(await store?.events.quarantined(1)).toMatchObject({ path, bodyBytes: 12 });
      const record = transcription("conv_1");
      const body = record.payload === null ? "" : Buffer.from(record.payload).toString();
      await store?.events.add(record);
      await put(objects.bodies, body, [bodyPath(sha256Of(body))]);
      expect(await find()).toEqual({ adopted: 0, removed: 1 });
      expect(await objects.bodies.list()).toEqual([path]);
    });
  });

  describe("a bucket", () => {
    const options = () => ({ databaseUrl, objects, spoolFolder: folder, recordOfLeftBody, log });

    test("belongs to the first database that uses it, whichever of its instances come first", async () => {
      await openStores(3);
      const mark = await objects.readMark();
      expect(mark).toMatch(/^[0-9a-f]{32}$/);
      await openStores(1);
      expect(await objects.readMark()).toBe(mark);
    });

    test("of another database is refused, unless it is taken over", async () => {
      await openStores(1);
      const before = await objects.readMark();
      const other = { ...options(), databaseUrl: await (await server()).createDatabase() };
      await expect(openPostgresStore(other)).rejects.toThrow("belong to another database");
      expect(await objects.readMark()).toBe(before);
      stores.push(await openPostgresStore({ ...other, takesOverRecordings: true }));
      expect(await objects.readMark()).not.toBe(before);
    });

    test("that can't be asked keeps nobody from receiving", async () => {
      const fault = new ObjectFault("the bucket does not answer", "wait", "DEADLINE", true);
      const silent = { ...objects, readMark: () => Promise.reject(fault) };
      const store = await openPostgresStore({ ...options(), objects: silent });
      stores.push(store);
      expect(await store.events.add(transcription("conv_1"))).toMatchObject({ error: null });
    });

    test("that is not this database's has lost no recording", async () => {
      const [store] = await openStores(1);
      const record = await upload("conv_1", "recording");
      await store?.events.add(record);
      const path = record.recording?.path ?? "";
      await objects.recordings.remove(path);
      expect(await store?.recoveries.isGone(path)).toBe(true);
      await objects.writeMark("another");
      expect(await store?.recoveries.isGone(path)).toBe(false);
    });
  });

  describe("which data these are", () => {
    test("is the same for all instances and after a stop", async () => {
      await openStores(3);
      const { ages, lastEventId } = await readLineage(pool.query);
      expect(ages).toMatchObject([{ dataId: expect.stringMatching(/^[0-9a-f]{32}$/), sinceEventId: 0 }]);
      expect(lastEventId).toBe(0);
      await ensureDataId(pool);
      expect((await readLineage(pool.query)).ages).toEqual([...ages]);
    });

    test("is another one after a restore to another place, from the last id on", async () => {
      const [store] = await openStores(1);
      await store?.events.add(transcription("conv_1"));
      const before = await readLineage(pool.query);
      await pool.query("UPDATE state SET value = 'elsewhere' WHERE name = 'data_place'");
      await ensureDataId(pool);
      const { ages } = await readLineage(pool.query);
      expect(ages).toMatchObject([{ sinceEventId: before.lastEventId }, before.ages[0] ?? {}]);
      expect(before.lastEventId).toBe(1);
    });
  });
});
