import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { ForwardState } from "../../src/forward/port.ts";
import {
  announceErased as announceShared,
  createForwardState,
  takeOver,
} from "../../src/forward/postgres/state.ts";
import { announceErased } from "../../src/forward/sqlite/announcements.ts";
import { openForwardData } from "../../src/forward/sqlite/data.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { openConnection } from "../../src/store/sqlite/connection.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { failedOnce, noProgress } from "../helpers/forward-progress.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";

setDefaultTimeout(60_000);

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;
const server = sharedPostgres({ fsync: "off" });

type Announce = (conversationIds: string[], names: string[]) => Promise<number>;
type Opened = { state: ForwardState; announce: Announce; close: () => Promise<void> };

async function openFile(): Promise<Opened> {
  const databasePath = join(temporaryFolder(), "t.sqlite");
  openConnection(databasePath).close();
  const { state, close } = openForwardData(databasePath);
  const announce: Announce = async (conversationIds, names) =>
    announceErased(databasePath, { conversationIds, names, nowMs: NOW_MS });
  return { state, announce, close: async () => close() };
}

const TERM = 7;

let url: string | null = null;

async function openShared(): Promise<Opened & { pool: Pool }> {
  url ??= await (await server()).createDatabase();
  const pool = openPool({ url, connectionsMax: 2 });
  await migrate(pool, { instanceId: "one" });
  await pool.query("TRUNCATE leases, forward_cursors, forward_parked, forward_announcements");
  await pool.query("INSERT INTO leases VALUES ('forward', 'somebody', $1::bigint, 0)", [TERM]);
  const announce: Announce = (conversationIds, names) =>
    announceShared(pool.query, { conversationIds, names, nowMs: NOW_MS });
  return { state: createForwardState(pool.query, TERM), announce, pool, close: pool.close };
}

const kinds = [
  { kind: "SQLite", dataId: "d1", isHere: true, open: openFile },
  {
    kind: "Postgres",
    dataId: "",
    isHere: hasPostgres("the places of forwarding in Postgres"),
    open: openShared,
  },
];

for (const { kind, dataId, isHere, open } of kinds)
  describe.skipIf(!isHere)(`in ${kind}`, () => {
    const position = { dataId, eventId: 10, reprocessedCount: 0 };
    let opened: Opened;
    let state: ForwardState;

    beforeEach(async () => {
      opened = await open();
      ({ state } = opened);
      await state.configure({ names: ["crm", "n8n"], position, nowMs: NOW_MS });
    });
    afterEach(() => opened.close());

    test("a new destination begins at now, and a start later changes nothing of it", async () => {
      await state.configure({ names: ["crm", "n8n"], position: { ...position, eventId: 99 }, nowMs: NOW_MS });
      expect(await state.cursor("crm")).toEqual({
        ...position,
        name: "crm",
        generation: 0,
        stopped: null,
        succeededAtMs: null,
        failingSinceMs: null,
        removedAtMs: null,
      });
    });

    test("a destination that is removed keeps its cursor for 30 days", async () => {
      const configure = async (names: string[], nowMs: number) =>
        state.configure({ names, position: { ...position, eventId: 99 }, nowMs });
      await configure(["n8n"], NOW_MS);
      await configure(["n8n"], NOW_MS + 30 * DAY_MS);
      expect((await state.cursors()).map(({ name }) => name)).toEqual(["crm", "n8n"]);
      await configure(["crm", "n8n"], NOW_MS + 31 * DAY_MS);
      expect(await state.cursor("crm")).toMatchObject({ eventId: 10, removedAtMs: null });
      await configure(["n8n"], NOW_MS + 32 * DAY_MS);
      await configure(["n8n"], NOW_MS + 63 * DAY_MS);
      expect(await state.cursor("crm")).toBeNull();
    });

    test("the cursor moves past a failure, which is parked until its time", async () => {
      const progress = {
        ...noProgress,
        position: { eventId: 12, reprocessedCount: 0 },
        failed: [failedOnce(11, NOW_MS)],
      };
      expect(await state.commitProgress("crm", { ...progress, failedAtMs: NOW_MS }, NOW_MS)).toBeTrue();
      expect(await state.cursor("crm")).toMatchObject({ eventId: 12, failingSinceMs: NOW_MS });
      expect(await state.dueEvents("crm", NOW_MS - 1, 9)).toBeEmpty();
      expect(await state.dueEvents("crm", NOW_MS, 9)).toEqual([failedOnce(11, NOW_MS)]);
      expect(await state.countParked("n8n")).toEqual({ waiting: 0, dead: 0 });
      await state.commitProgress("crm", { ...noProgress, done: [11], succeededAtMs: NOW_MS + 5 }, NOW_MS);
      expect(await state.countParked("crm")).toEqual({ waiting: 0, dead: 0 });
      expect(await state.cursor("crm")).toMatchObject({ failingSinceMs: null, succeededAtMs: NOW_MS + 5 });
    });

    test("a dead event stays until it is revived", async () => {
      await state.commitProgress("crm", { ...noProgress, failed: [failedOnce(11, null)] }, NOW_MS);
      expect(await state.countParked("crm")).toEqual({ waiting: 0, dead: 1 });
      expect(await state.dueEvents("crm", NOW_MS + 99 * DAY_MS, 9)).toBeEmpty();
      expect(await state.reviveDead("crm", NOW_MS)).toBe(1);
      expect(await state.dueEvents("crm", NOW_MS, 9)).toEqual([{ ...failedOnce(11, NOW_MS), attempts: 0 }]);
    });

    test("what was under way when a replay was asked for does not count", async () => {
      await state.commitProgress(
        "crm",
        { ...noProgress, failed: [failedOnce(3, NOW_MS), failedOnce(9, null)] },
        NOW_MS,
      );
      await state.stop("crm", "failing");
      await state.replayFrom("crm", { ...position, eventId: 5 });
      expect(await state.commitProgress("crm", { ...noProgress, position }, NOW_MS)).toBeFalse();
      expect(await state.cursor("crm")).toMatchObject({ eventId: 5, generation: 1, stopped: null });
      // What comes after the position is sent by the cursor.
      expect(await state.dueEvents("crm", NOW_MS, 9)).toEqual([failedOnce(3, NOW_MS)]);
    });

    test("a stopped destination goes on at its cursor", async () => {
      await state.stop("crm", "gone");
      expect(await state.cursor("crm")).toMatchObject({ stopped: "gone", eventId: 10 });
      await state.resume("crm");
      expect(await state.cursor("crm")).toMatchObject({ stopped: null, eventId: 10, generation: 1 });
    });

    test("a destination is stopped once, for the first reason", async () => {
      expect(await state.stop("crm", "gone")).toBeTrue();
      expect(await state.stop("crm", "failing")).toBeFalse();
      expect(await state.stop("other", "gone")).toBeFalse();
      expect(await state.cursor("crm")).toMatchObject({ stopped: "gone" });
    });

    test("what was parked of an event that is gone by now is forgotten", async () => {
      await state.commitProgress("crm", { ...noProgress, failed: [failedOnce(3, null)] }, NOW_MS);
      await state.forgetGone("crm");
      expect(await state.countParked("crm")).toEqual({ waiting: 0, dead: 0 });
    });

    test("an erased conversation is announced once to each that asked, until it has confirmed", async () => {
      const due = async (name: string, nowMs: number) =>
        (await state.dueAnnouncements(name, nowMs, 9)).map(({ conversationId, attempts }) => [
          conversationId,
          attempts,
        ]);
      expect(await opened.announce(["conv_1", "conv_2"], ["crm", "n8n"])).toBe(2);
      expect(await opened.announce(["conv_1"], ["crm"])).toBe(1);
      expect(await opened.announce(["conv_3"], [])).toBe(0);
      expect((await due("crm", NOW_MS)).toSorted()).toEqual([
        ["conv_1", 0],
        ["conv_2", 0],
      ]);
      await state.commitAnnounced("crm", [
        { conversationId: "conv_1", dueAtMs: null },
        { conversationId: "conv_2", dueAtMs: NOW_MS + 5000 },
      ]);
      expect(await due("crm", NOW_MS)).toBeEmpty();
      expect(await due("crm", NOW_MS + 5000)).toEqual([["conv_2", 1]]);
      expect(await due("n8n", NOW_MS)).toHaveLength(2);
    });

    test("an announcement is given up after seven days, and if nobody asks for it any more", async () => {
      const count = async (name: string) =>
        (await state.dueAnnouncements(name, NOW_MS + 9 * DAY_MS, 9)).length;
      await opened.announce(["conv_old"], ["crm", "n8n"]);
      await state.dropAnnouncements(["crm"], NOW_MS + DAY_MS);
      expect([await count("crm"), await count("n8n")]).toEqual([1, 0]);
      await state.dropAnnouncements(["crm"], NOW_MS + 7 * DAY_MS);
      expect(await count("crm")).toBe(1);
      await state.dropAnnouncements(["crm"], NOW_MS + 7 * DAY_MS + 1);
      expect(await count("crm")).toBe(0);
    });
  });

describe.skipIf(!hasPostgres("the places of forwarding in Postgres"))("of several instances", () => {
  test("one that has lost the lease writes nothing, nor does what it had under way when another took it", async () => {
    const { pool, state, close } = await openShared();
    const position = { dataId: "", eventId: 10, reprocessedCount: 0 };
    await state.configure({ names: ["crm"], position, nowMs: NOW_MS });
    const progress = {
      ...noProgress,
      position: { eventId: 12, reprocessedCount: 0 },
      failed: [failedOnce(11, null)],
    };
    await takeOver(pool.query);
    expect(await state.commitProgress("crm", progress, NOW_MS)).toBeFalse();
    await pool.query("UPDATE leases SET term = term + 1");
    expect(await state.commitProgress("crm", { ...progress, generation: 1 }, NOW_MS)).toBeFalse();
    expect(await state.cursor("crm")).toMatchObject({ eventId: 10 });
    expect(await state.countParked("crm")).toEqual({ waiting: 0, dead: 0 });
    const next = createForwardState(pool.query, TERM + 1);
    expect(await next.commitProgress("crm", { ...progress, generation: 1 }, NOW_MS)).toBeTrue();
    await close();
  });

  test("an id is announced as it is stored, whatever is in the one that was asked for", async () => {
    const { state, announce, close } = await openShared();
    expect(await announce(["conv_\0", "conv_\ud800"], ["crm"])).toBe(1);
    expect(await state.dueAnnouncements("crm", NOW_MS, 9)).toMatchObject([{ conversationId: "conv_\ufffd" }]);
    await close();
  });

  test("an announcement of one that knows more destinations is kept by the others for an hour", async () => {
    const { state, announce, close } = await openShared();
    await announce(["conv_1"], ["new"]);
    await state.dropAnnouncements(["crm"], NOW_MS + 3_600_000);
    expect(await state.dueAnnouncements("new", NOW_MS, 9)).toHaveLength(1);
    await state.dropAnnouncements(["crm"], NOW_MS + 3_600_001);
    expect(await state.dueAnnouncements("new", NOW_MS, 9)).toBeEmpty();
    await close();
  });
});
