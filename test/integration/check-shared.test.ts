import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { checkServer, checkShared } from "../../src/checks/shared.ts";
import type { SharedData } from "../../src/config/data.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import { freePort } from "../helpers/ports.ts";
import { createDatabaseOnSmallDisk, requirePassword, setReadOnly } from "../helpers/postgres-faults.ts";
import { hasPostgres, startPostgres } from "../helpers/postgres.ts";
import type { PostgresServer } from "../helpers/postgres.ts";

setDefaultTimeout(60_000);

const SECRET_KEY = "secret-of-the-bucket";

describe.skipIf(!hasPostgres("the check of Postgres"))("the check of shared data", () => {
  let server: PostgresServer;
  let endpoint: string;
  beforeAll(async () => {
    server = await startPostgres({ fsync: "off" });
    endpoint = `http://127.0.0.1:${await freePort()}`;
  });
  afterAll(async () => server.end());

  const dataAt = (databaseUrl: string): SharedData => ({
    kind: "shared",
    databaseUrl,
    objects: {
      kind: "s3",
      bucket: "calls",
      prefix: "",
      region: "us-east-1",
      endpoint,
      accessKeyId: "key-of-the-bucket",
      secretAccessKey: SECRET_KEY,
      sessionToken: null,
    },
    spoolFolder: "/tmp/spool",
  });

  /** What is found of the database, as lines. */
  async function foundAt(databaseUrl: string): Promise<string[]> {
    const { results } = await checkServer({ databaseUrl });
    return results.map(({ subject, level, text, remedy }) => `${subject} ${level}: ${text} ${remedy ?? ""}`);
  }

  async function createTables(url: string): Promise<void> {
    const pool = openPool({ url, connectionsMax: 1 });
    await migrate(pool, { instanceId: "test" });
    await pool.close();
  }

  test("names the server, and says that a start makes what is not there yet", async () => {
    const url = await server.createDatabase();
    const empty = await foundAt(url);
    expect(empty).toEqual([
      expect.stringMatching(/^database ok: postgres:\/\/127\.0\.0\.1:\d+\/test_\d+: Postgres \d+/),
      expect.stringMatching(/^schema ok: not there yet: the first start makes it/),
    ]);
    await createTables(url);
    expect(await foundAt(url)).toContainEqual(expect.stringMatching(/^schema ok: \d+, that of this program/));
    await server.query(
      "INSERT INTO events (type, received_at, status, body_sha256, body_bytes) VALUES ('x', 1234, 'processed', 'x', 1)",
      url.split("/").at(-1),
    );
    expect((await checkServer({ databaseUrl: url })).newestReceivedAtMs).toBe(1234);
  });

  test("leaves nothing behind", async () => {
    const url = await server.createDatabase();
    await createTables(url);
    const name = url.split("/").at(-1);
    const rows = () =>
      server.query("SELECT (SELECT count(*) FROM state), (SELECT count(*) FROM instances)", name);
    const before = await rows();
    await foundAt(url);
    expect(await rows()).toEqual(before);
  });

  test("names a schema that is too new, and one that is older", async () => {
    const url = await server.createDatabase();
    await createTables(url);
    const name = url.split("/").at(-1);
    await server.query("UPDATE schema_version SET version = version + 1", name);
    expect(await foundAt(url)).toContainEqual(
      expect.stringMatching(/^schema ok: \d+, newer than this program/),
    );
    await server.query("UPDATE schema_version SET oldest_writer = version", name);
    expect(await foundAt(url)).toContainEqual(
      expect.stringMatching(/^schema error: \d+ is newer than this program.*Run the newer version\./),
    );
    await server.query("UPDATE schema_version SET version = 1, oldest_writer = 1", name);
    expect(await foundAt(url)).toContainEqual(expect.stringMatching(/^schema warning: 1 is older/));
  });

  test("names a wrong password, a missing database and a server that is not there, without the password", async () => {
    const url = await server.createDatabase();
    const right = await requirePassword(server, url, "right-password");
    expect(await foundAt(right)).toContainEqual(expect.stringMatching(/^database ok/));
    const wrong = await foundAt(right.replace("right-password", "wrong-password"));
    expect(wrong).toEqual([
      expect.stringMatching(
        /^database error: .*refuses the user or the password .* Correct them in DATABASE_URL.*\.$/,
      ),
    ]);
    expect(wrong.join()).not.toContain("wrong-password");
    expect(await foundAt(server.url("nowhere"))).toEqual([
      expect.stringMatching(/^database error: .*no such database .* Create it/),
    ]);
    expect(await foundAt(`postgres://a:b@127.0.0.1:${await freePort()}/calls`)).toEqual([
      expect.stringMatching(/^database error: .*nothing listens there .* Start the server/),
    ]);
  });

  test("names a server that takes no writes, and a user that may not create tables", async () => {
    const url = await server.createDatabase();
    await setReadOnly(server, true);
    expect(await foundAt(url)).toEqual([
      expect.stringMatching(/^database error: .* is read-only Let it take writes/),
    ]);
    await setReadOnly(server, false);
    await server.query("CREATE ROLE guest LOGIN");
    expect(await foundAt(url.replace("postgres@", "guest@"))).toEqual([
      expect.stringMatching(/^database error: .*may not create tables Make the user the owner/),
    ]);
  });

  test("names a database in another encoding", async () => {
    await server.query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    expect(await foundAt(server.url("latin"))).toEqual([
      expect.stringMatching(/^database error: .*LATIN1 Make a database/),
    ]);
  });

  test("names a full disk of the server", async () => {
    const disk = await createDatabaseOnSmallDisk(server, 32);
    if (disk === null) return;
    try {
      await createTables(disk.url);
      disk.fill();
      expect(await foundAt(disk.url)).toEqual([
        expect.stringMatching(/^database error: .*disk is full .* Make room on the server\./),
      ]);
    } finally {
      disk.unmount();
    }
  });

  test("names a bucket that can't be reached", async () => {
    const { results } = await checkShared(dataAt(server.url("nowhere")));
    expect(JSON.stringify(results)).not.toContain(SECRET_KEY);
    expect(results.filter(({ subject }) => subject === "bucket")).toEqual([
      {
        subject: "bucket",
        level: "error",
        text: expect.stringContaining(endpoint),
        remedy: expect.any(String),
      },
    ]);
  });
});
