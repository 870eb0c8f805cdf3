import { SQL } from "bun";
import { afterAll } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";

/** Debian keeps the server's programs where no PATH leads. */
const BIN = ["17", "16", "15", "14"]
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find((folder) => existsSync(folder));

/** Whether a server can be started here; says loudly what is not tested otherwise. */
export function hasPostgres(what: string): boolean {
  const isHere = BIN !== undefined && process.getuid?.() === 0;
  if (!isHere) console.warn(`SKIPPED: ${what}: needs Postgres 14 or later and root`);
  return isHere;
}

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>;

/** A command as the user postgres: the server refuses root. */
const asPostgres = (command: readonly string[]): string[] => [
  "setpriv",
  "--reuid=postgres",
  "--regid=postgres",
  "--clear-groups",
  ...command,
];

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn(asPostgres(command), { stdout: "ignore", stderr: "pipe", cwd: "/" });
  const [status, text] = await Promise.all([child.exited, child.stderr.text()]);
  if (status !== 0) throw new Error(`${command[0]}: ${text}`);
}

/**
 * A real server in a folder of its own, on a free port of 127.0.0.1, with durable commits. `end` has to follow.
 *
 * @param settings of postgresql.conf
 */
export async function startPostgres(settings: Record<string, string> = {}) {
  const bin = BIN ?? "";
  const folder = mkdtempSync(join(tmpdir(), "postgres-"));
  chmodSync(folder, 0o777);
  const data = join(folder, "data");
  const log = join(folder, "log");
  const port = await freePort();
  const set = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    ...settings,
  };
  await run([
    `${bin}/initdb`,
    "--pgdata",
    data,
    "--auth",
    "trust",
    "--username",
    "postgres",
    "--encoding",
    "UTF8",
    "--locale",
    "C.UTF-8",
    "--no-sync",
  ]);
  const options = Object.entries(set).map(([name, value]) => `-c ${name}='${value}'`);

  const start = (): Promise<void> =>
    run([
      `${bin}/pg_ctl`,
      "start",
      "--wait",
      "--silent",
      "--pgdata",
      data,
      "--log",
      log,
      "--options",
      options.join(" "),
    ]);
  const stop = (mode: "smart" | "fast" | "immediate" = "fast"): Promise<void> =>
    run([`${bin}/pg_ctl`, "stop", "--wait", "--silent", "--pgdata", data, "--mode", mode]);
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const pid = (): number => Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
  let databaseCount = 0;

  await start();
  const admin = (): SQL => new SQL(url("postgres"), { max: 1, prepare: false });

  return {
    port,
    folder,
    url,
    start,
    /** "immediate" is a crash: the next start recovers. */
    stop,
    pid,
    /** Kills the postmaster as the kernel does when memory is short; what it has started ends by itself. */
    async kill(): Promise<void> {
      const killed = pid();
      process.kill(killed, "SIGKILL");
      while (isRunning(data)) await Bun.sleep(20);
      // Until somebody fetches its status, a killed process looks as if it were running.
      for (const lock of [join(data, "postmaster.pid"), join(folder, `.s.PGSQL.${port}.lock`)])
        rmSync(lock, { force: true });
    },
    logText: (): string => readFileSync(log, "utf8"),

    /** Statements of an administrator. */
    async query<Row = Record<string, unknown>>(text: string, database = "postgres"): Promise<Row[]> {
      const sql = new SQL(url(database), { max: 1, prepare: false });
      try {
        return [...(await sql.unsafe(text).simple())] as Row[];
      } finally {
        await sql.close();
      }
    },

    /** An empty database. Returns its address. */
    async createDatabase(): Promise<string> {
      databaseCount += 1;
      const name = `test_${databaseCount}`;
      const sql = admin();
      try {
        await sql.unsafe(`CREATE DATABASE ${name}`).simple();
      } finally {
        await sql.close();
      }
      return url(name);
    },

    /** Takes all tables out of a database, which is quicker than to make another one. */
    async clear(address: string): Promise<void> {
      const sql = new SQL(address, { max: 1, prepare: false });
      try {
        await sql.unsafe("DROP SCHEMA public CASCADE; CREATE SCHEMA public").simple();
      } finally {
        await sql.close();
      }
    },

    /** Ends all connections but one's own, as a failover does. */
    async terminateBackends(): Promise<void> {
      const sql = admin();
      try {
        await sql
          .unsafe(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
          )
          .simple();
      } finally {
        await sql.close();
      }
    },

    /** A client in a process of its own. */
    psql: (address: string) =>
      Bun.spawn([`${bin}/psql`, "--no-psqlrc", "--quiet", address], {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "ignore",
      }),

    async end(): Promise<void> {
      if (existsSync(join(data, "postmaster.pid"))) await stop("immediate").catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether a process of a server is there, which names its folder or was started in it. */
function isRunning(data: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^[0-9]+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === data;
    } catch {
      return false;
    }
  });
}

/** One server for the tests of a file, started when it is first asked for. */
export function sharedPostgres(settings?: Record<string, string>): () => Promise<PostgresServer> {
  let server: Promise<PostgresServer> | null = null;
  afterAll(async () => (await server)?.end());
  return () => (server ??= startPostgres(settings));
}
