import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { EventRecord } from "../../src/model/event.ts";
import { createLog } from "../../src/platform/log.ts";
import type { ConversationFilter } from "../../src/query/conversation-filter.ts";
import type { Queries } from "../../src/query/port.ts";
import { createPostgresQueries } from "../../src/query/postgres/queries.ts";
import { inWriteLock } from "../../src/store/postgres/lock-holder.ts";
import { tryLockSql } from "../../src/store/postgres/locks.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { persist } from "../../src/store/postgres/writer.ts";
import { insertAll } from "../../src/store/postgres/rows.ts";
import { anyConversation } from "../helpers/conversation-filter.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { transcription } from "../store-conformance/store.ts";

const COUNT = 200;

const server = sharedPostgres({ fsync: "off" });
let pool: Pool;
let instances: Queries[];
let logLines: string[];

const said = (id: string, message: string, data: Record<string, unknown> = {}): EventRecord =>
  transcription(`conv_${id}`, { transcript: [{ role: "user", message }], ...data });
const add = (records: EventRecord[]) =>
  persist(() => inWriteLock(pool, (query) => insertAll(query, records)));

async function found(queries: Queries, query: string | null, filter: Partial<ConversationFilter> = {}) {
  const asked = { filter: { ...anyConversation, ...filter }, query, after: null, rowsMax: 1000 };
  const page = await queries.ask("listConversations", asked);
  return page.kind === "page" ? page.rows.map(({ conversationId }) => conversationId) : page.kind;
}

const indexed = () =>
  pool.query<{ id: string }>("SELECT conversation_id AS id FROM conversation_search ORDER BY id");

describe.skipIf(!hasPostgres("the search in Postgres"))("the search of two instances", () => {
  beforeEach(async () => {
    const databaseUrl = await (await server()).createDatabase();
    pool = openPool({ url: databaseUrl, connectionsMax: 3 });
    await migrate(pool, { instanceId: "test" });
    logLines = [];
    const log = createLog({ level: "INFO", format: "text", write: (line) => logLines.push(line) });
    const recordings = { open: () => Promise.resolve(null) };
    instances = [1, 2].map(() => createPostgresQueries({ databaseUrl, recordings, log }));
  });
  afterEach(async () => {
    for (const queries of instances) queries.close();
    await pool.close();
  });

  test("has everything once, though both index at the same time", async () => {
    await add(Array.from({ length: COUNT }, (_, index) => said(`${index}`, `hello number${index}`)));
    const both = await Promise.all(instances.map((queries) => found(queries, "hello")));
    expect(both.map((ids) => new Set(ids).size)).toEqual([COUNT, COUNT]);
    expect(await indexed()).toHaveLength(COUNT);
    for (let round = 0; round < 10; round += 1) {
      await add([said(`moment${round}`, `heliotrope${round}`)]);
      const ids = await Promise.all(instances.map((queries) => found(queries, `heliotrope${round}`)));
      expect(ids).toEqual([[`conv_moment${round}`], [`conv_moment${round}`]]);
    }
  });

  test("goes on when all connections are ended, and says nothing wrong meanwhile", async () => {
    const [queries] = instances as [Queries];
    for (let round = 0; round < 6; round += 1) {
      await add(
        Array.from({ length: 50 }, (_, index) =>
          said(`${round}_${index}`, `round${round} ${"word ".repeat(500)}`),
        ),
      );
      const asked = Array.from({ length: 8 }, () =>
        found(queries, `round${round}`).catch((error) => error.name),
      );
      if (round % 2 === 0) await Bun.sleep(round * 5);
      await (await server()).terminateBackends();
      // None fails, and none misses anything.
      for (const answer of await Promise.all(asked)) {
        expect([50, "not-ready"]).toContain(Array.isArray(answer) ? answer.length : answer);
      }
      expect(await found(queries, `round${round}`)).toHaveLength(50);
      expect(await queries.ask("findEvent", 1)).toMatchObject({ id: 1 });
    }
  });

  test("leaves nothing behind of what is erased while it is indexed", async () => {
    const ids = Array.from({ length: COUNT }, (_, index) => `${index}`);
    await add(ids.map((id) => said(id, `quinquereme ${id} ${"word ".repeat(200)}`)));
    const searches = instances.map((queries) => found(queries, "quinquereme"));
    for (const id of ids.slice(0, COUNT / 2)) {
      await inWriteLock(pool, (query) =>
        query("DELETE FROM conversations WHERE conversation_id = $1", [`conv_${id}`]),
      );
    }
    await Promise.all(searches);
    const left = ids.slice(COUNT / 2).map((id) => `conv_${id}`);
    for (const queries of instances)
      expect(new Set(await found(queries, "quinquereme"))).toEqual(new Set(left));
    expect((await indexed()).map(({ id }) => id)).toEqual(left.toSorted());
  });

  test("asks to come again while another instance keeps it from being complete; lists go on", async () => {
    const [queries] = instances as [Queries];
    await add([said("one", "catamaran", { user_id: "user_1" })]);
    expect(await found(queries, "catamaran")).toEqual(["conv_one"]);
    const { promise: isEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
    const frozen = pool.transaction(async (query) => {
      await query(tryLockSql("searchIndexer"));
      hold();
      await isEnd;
    });
    await isHeld;
    await add([said("two", "catamaran", { user_id: "user_1" })]);
    expect(await found(queries, "catamaran")).toBe("not-ready");
    expect(await found(queries, null, { userId: "user_1" })).toEqual(["conv_two", "conv_one"]);
    end();
    await frozen;
    expect(await found(queries, "catamaran")).toEqual(["conv_two", "conv_one"]);
    expect(logLines.filter((line) => line.includes("WARN"))).toEqual([]);
  }, 30_000);

  test("is made again from the events if it is not known any more which were reprocessed", async () => {
    const [queries] = instances as [Queries];
    await add([said("one", "hello"), said("two", "hello")]);
    expect(await found(queries, "hello")).toEqual(["conv_two", "conv_one"]);
    await pool.query("UPDATE conversations SET title = 'Brigantine' WHERE conversation_id = 'conv_one'");
    await pool.query("INSERT INTO state (name, value) VALUES ('reprocessed', '5 2 2')");
    expect(await found(queries, "brigantine")).toEqual(["conv_one"]);
    await pool.query("UPDATE conversations SET title = 'Schooner' WHERE conversation_id = 'conv_one'");
    await pool.query("UPDATE state SET value = '7 2 2 1 2' WHERE name = 'reprocessed'");
    expect(await found(queries, "schooner")).toEqual(["conv_one"]);
  });

  test("waits for a conversation that is about to be made again", async () => {
    const [queries] = instances as [Queries];
    await add([{ ...said("one", "hello"), receivedAtMs: Date.now() }]);
    await pool.query(
      "UPDATE conversations SET fold_order = NULL, title = 'Old' WHERE conversation_id = 'conv_one'",
    );
    const search = found(queries, "new");
    await Bun.sleep(300);
    await pool.query(
      "UPDATE conversations SET fold_order = '{0,0,0,0,0,0}', title = 'New' WHERE conversation_id = 'conv_one'",
    );
    expect(await search).toEqual(["conv_one"]);
  });
});
