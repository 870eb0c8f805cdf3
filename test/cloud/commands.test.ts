import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { parseForwardConfig } from "../../src/forward/config.ts";
import type { Forwarder } from "../../src/forward/forwarder.ts";
import { prepareSharedForwarding } from "../../src/forward/postgres/prepare.ts";
import { runShared } from "../../src/forward/postgres/run.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { inWriteLock } from "../../src/store/postgres/lock-holder.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { insertAll } from "../../src/store/postgres/rows.ts";
import { runCommand } from "../helpers/command.ts";
import { createDestinations, FORWARD_SECRET, forwardConfig, until } from "../helpers/destination.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { freePort } from "../helpers/ports.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { transcription } from "../store-conformance/store.ts";

setDefaultTimeout(60_000);

const HOUR_MS = 3_600_000;
const EVENTS = 5;

const server = sharedPostgres({ fsync: "off" });
const { start: destination, stop: stopDestinations } = createDestinations();
let pool: Pool;
let folder: string;
let environment: Record<string, string>;
let forwarder: Forwarder | null;

describe.skipIf(!hasPostgres("commands on Postgres"))("with DATABASE_URL", () => {
  beforeEach(async () => {
    const url = await (await server()).createDatabase();
    pool = openPool({ url, connectionsMax: 3 });
    await migrate(pool, { instanceId: "one" });
    folder = temporaryFolder();
    forwarder = null;
    environment = {
      DATABASE_URL: url,
      // Nobody is there: what these commands do here needs no bucket.
      AUDIO_STORAGE_PATH: "s3://calls",
      AWS_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
      SPOOL_PATH: join(folder, "spool"),
    };
  });
  afterEach(async () => {
    await forwarder?.stop();
    stopDestinations();
    await pool.close();
  });

  const run = (...args: string[]) => runCommand(args, { folder, environment });

  test("forward status and forward replay work beside the instance that forwards", async () => {
    // One an hour, the last one now.
    const records = Array.from({ length: EVENTS }, (_, index) =>
      transcription(`conv_${index + 1}`, {}, { receivedAtMs: Date.now() - (EVENTS - 1 - index) * HOUR_MS }),
    );
    await inWriteLock(pool, (query) => insertAll(query, records));
    const crm = destination();
    const all = [{ name: "crm", url: crm.url, secret: FORWARD_SECRET }];
    environment.FORWARD_CONFIG = forwardConfig(all, join(folder, "forward.json"));
    expect(await run("forward", "status")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("crm  new"),
    });

    const read = parseForwardConfig(JSON.stringify({ destinations: all }));
    if (!read.ok) throw new Error(read.problem.join("; "));
    const destinations = read.value;
    const log = createLog({ level: "WARNING", format: "text", write: (line) => expect(line).toBe("") });
    await prepareSharedForwarding({ pool, destinations, clock: systemClock, log });
    forwarder = runShared(environment.DATABASE_URL ?? "", {
      destinations,
      bodies: { open: async () => null },
      publicUrl: null,
      clock: systemClock,
      environment: {},
      roundMs: 50,
      tell: () => {},
      show: () => {},
    });
    expect((await run("forward", "status")).stdout).toBe(
      "crm  ok  at event 5 of 5, 0 waiting to be repeated, 0 dead\n",
    );
    expect(await run("forward", "replay", "crm", "--since", "90m")).toEqual({
      status: 0,
      stdout: "crm is sent what comes after event 3: 2 events so far\n",
      stderr: "",
    });
    await until("they are sent", () => crm.taken.size === 2);
    expect((await run("forward", "replay", "crm", "--from-start")).status).toBe(0);
    await until("all are sent", () => crm.taken.size === EVENTS);

    await pool.query("UPDATE forward_cursors SET stopped = 'gone'");
    expect(await run("forward", "status")).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("do: once it takes events again"),
    });
    await pool.query("INSERT INTO forward_parked VALUES ('crm', 2, 8, NULL, 'HTTP 500', 0)");
    expect(await run("forward", "replay", "crm")).toMatchObject({
      status: 0,
      stdout: "crm goes on after event 5; sent again: 1 event that had been given up\n",
    });
    await until("it is sent once more", () => [...crm.taken.values()].reduce((sum, n) => sum + n, 0) === 8);
  });

  test("a command says what is wrong with the server, by its name", async () => {
    environment.FORWARD_CONFIG = forwardConfig([], join(folder, "forward.json"));
    environment.DATABASE_URL = `postgres://somebody:geheim@127.0.0.1:${await freePort()}/calls`;
    const { status, stderr } = await run("forward", "status");
    expect(status).toBe(1);
    expect(stderr).toContain("nothing listens there");
    expect(stderr).not.toContain("geheim");
  });

  test("recover fetches what is missing, and then nothing is missing", async () => {
    const startedAt = Math.floor((Date.now() - 2 * HOUR_MS) / 1000);
    const fake = await startFakeElevenLabs({
      workspace: { conversations: ["conv_1", "conv_2"].map((id) => fakeConversation({ id, startedAt })) },
    });
    environment.ELEVENLABS_API_KEY = fake.key;
    environment.ELEVENLABS_API_URL = fake.url;
    try {
      const first = await run("recover", "--json");
      expect(JSON.parse(first.stdout)).toMatchObject({ recovered: { transcripts: 2 } });
      const second = await run("recover", "--json");
      expect(JSON.parse(second.stdout)).toMatchObject({ missing: { transcripts: 0 } });
      const stored = await pool.query("SELECT conversation_id AS id, source FROM events ORDER BY id");
      expect(stored).toMatchObject([{ source: "recovered" }, { source: "recovered" }]);
      expect(
        await pool.query("SELECT 1 FROM leases WHERE role = 'recover_run' AND expires_at > 0"),
      ).toBeEmpty();
    } finally {
      await fake.stop();
    }
  });
});
