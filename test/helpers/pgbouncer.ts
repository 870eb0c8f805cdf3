import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programPath } from "./means.ts";
import { freePort } from "./ports.ts";

const START_MS_MAX = 10_000;

/** Starts PgBouncer in transaction mode before a server; `url` leads to a database through it. */
export async function startPgbouncer(server: { port: number; poolSize?: number }) {
  const folder = mkdtempSync(join(tmpdir(), "pgbouncer-"));
  const port = await freePort();
  const settings = [
    "[databases]",
    // Nobody is asked who he is; the server is asked as this user.
    `* = host=127.0.0.1 port=${server.port} user=postgres`,
    "[pgbouncer]",
    `listen_port = ${port}`,
    "listen_addr = 127.0.0.1",
    `unix_socket_dir = ${folder}`,
    `pidfile = ${folder}/pid`,
    "auth_type = any",
    "pool_mode = transaction",
    `default_pool_size = ${server.poolSize ?? 8}`,
    "max_client_conn = 200",
    "server_login_retry = 1",
  ];
  const file = join(folder, "ini");
  writeFileSync(file, `${settings.join("\n")}\n`);
  // Whatever the umask is.
  chmodSync(file, 0o644);
  chmodSync(folder, 0o777);
  // It refuses root.
  const asPostgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
  const program = programPath("pgbouncer") ?? "pgbouncer";
  const child = Bun.spawn([...asPostgres, program, file], {
    cwd: folder,
    stdout: "ignore",
    stderr: Bun.file(join(folder, "log")),
  });
  const deadlineMs = performance.now() + START_MS_MAX;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error(`pgbouncer does not answer: ${await Bun.file(join(folder, "log")).text()}`);
    }
    await Bun.sleep(20);
  }
  return {
    port,
    child,
    /** The address of a database, by way of PgBouncer. */
    url: (direct: string) => {
      const url = new URL(direct);
      url.hostname = "127.0.0.1";
      url.port = String(port);
      return url.href;
    },
    async stop(): Promise<void> {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isOpen(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}
