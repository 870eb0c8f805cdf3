import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { PostgresFault } from "../../src/store/postgres/fault.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import { isOpensslMissing } from "../helpers/certificate.ts";
import {
  createDatabaseOnSmallDisk,
  requirePassword,
  setReadOnly,
  useCertificate,
} from "../helpers/postgres-faults.ts";
import { hasPostgres, startPostgres } from "../helpers/postgres.ts";
import type { PostgresServer } from "../helpers/postgres.ts";

setDefaultTimeout(60_000);

const isPossible = hasPostgres("what Postgres refuses") && !isOpensslMissing;

/** What a statement at an address fails with; null if it does not. */
async function faultAt(url: string, statement = "SELECT 1"): Promise<string | null> {
  const pool = openPool({ url, connectionsMax: 1 });
  try {
    await pool.query(statement);
    return null;
  } catch (error) {
    if (error instanceof PostgresFault) return error.message;
    throw error;
  } finally {
    await pool.close();
  }
}

describe.skipIf(!isPossible)("a fault of Postgres names what is wrong and what to do:", () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
  });
  afterAll(async () => server.end());

  test("a wrong password, which it never repeats", async () => {
    const right = await requirePassword(server, url, "right-password");
    expect(await faultAt(right)).toBe(null);
    const fault = await faultAt(right.replace("right-password", "wrong-password"));
    expect(fault).toMatch(/refuses the user or the password .*: correct them in DATABASE_URL/);
    expect(fault).not.toContain("wrong-password");
  });

  test("a read-only server", async () => {
    await setReadOnly(server, true);
    expect(await faultAt(url, "CREATE TABLE t (n int)")).toMatch(
      /read-only.*: name the primary in DATABASE_URL/,
    );
    await setReadOnly(server, false);
    expect(await faultAt(url, "CREATE TABLE t (n int)")).toBe(null);
  });

  test("a full disk of the server", async () => {
    const disk = await createDatabaseOnSmallDisk(server, 24);
    if (disk === null) return;
    try {
      expect(await faultAt(disk.url, "CREATE TABLE t (n text)")).toBe(null);
      disk.fill();
      const insert = "INSERT INTO t SELECT md5(n::text) FROM generate_series(1, 50000) n";
      expect(await faultAt(disk.url, insert)).toMatch(/disk is full .*: make room on the server/);
      disk.empty();
      expect(await faultAt(disk.url, insert)).toBe(null);
    } finally {
      disk.unmount();
    }
  });

  test("a certificate that is not trusted, one of another name, and one that has expired", async () => {
    const place = url.replace("127.0.0.1", "localhost");
    const certFile = await useCertificate(server);
    const verified = (file: string, mode = "verify-full") => `${place}?sslmode=${mode}&sslrootcert=${file}`;
    expect(await faultAt(verified(certFile))).toBe(null);
    expect(await faultAt(`${place}?sslmode=verify-full`)).toMatch(/can't be verified .*: add sslrootcert/);
    expect(await faultAt(`${url}?sslmode=verify-full&sslrootcert=${certFile}`)).toMatch(/can't be verified/);
    const expired = await useCertificate(server, { isExpired: true });
    expect(await faultAt(verified(expired))).toMatch(/certificate has expired .*: renew it/);
  });
});
