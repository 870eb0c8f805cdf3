import { startCeph } from "../ceph.ts";
import type { Ceph } from "../ceph.ts";
import { startPgbouncer } from "../pgbouncer.ts";
import { startPostgres } from "../postgres.ts";
import type { PostgresServer } from "../postgres.ts";
import { startTcpProxy } from "../tcp-proxy.ts";
import { startBalancer } from "./balancer.ts";
import { startInstance } from "./instance.ts";

/** Servers that several clusters share, one after the other. */
export type Servers = { postgres: PostgresServer; ceph: Ceph };

/** Starts Postgres and Ceph. */
export async function startServers() {
  // What the tests kill are processes: what those have written stays with the kernel, flushed or not. Without flushes Postgres
  // is back in a second, however busy the disk is.
  const [postgres, ceph] = await Promise.all([startPostgres({ fsync: "off" }), startCeph()]);
  return {
    postgres,
    ceph,
    async stop(): Promise<void> {
      // Those of tests that failed.
      for (const stop of running) await stop();
      await Promise.all([postgres.end(), ceph.stop()]);
    },
  };
}

/** Receivers behind one address, on one database and bucket; each reaches both by networks of its own. */
export type Cluster = Awaited<ReturnType<typeof startCluster>>;

let clusters = 0;
const running = new Set<() => Promise<void>>();

/** Starts receivers on a new database and bucket. */
export async function startCluster(
  { postgres, ceph }: Servers,
  options: { instanceCount?: number; usesPgbouncer?: boolean; settings?: Record<string, string> } = {},
) {
  const { instanceCount = 2, usesPgbouncer = false, settings = {} } = options;
  clusters += 1;
  const bucket = `bucket-${process.pid}-${clusters}`;
  ceph.createBucket(bucket);
  const databaseUrl = await postgres.createDatabase();
  const pgbouncer = usesPgbouncer ? await startPgbouncer({ port: postgres.port }) : null;
  // All at once: that six starts beside each other work is a promise too.
  const members = await Promise.all(Array.from({ length: instanceCount }, startMember));

  async function startMember() {
    const database = await startTcpProxy({ port: pgbouncer?.port ?? postgres.port });
    const objects = await startTcpProxy({ port: ceph.port });
    const url = new URL(databaseUrl);
    url.hostname = "127.0.0.1";
    url.port = String(database.port);
    const instance = await startInstance({
      DATABASE_URL: url.href,
      ...ceph.settings(bucket, objects.port),
      ...settings,
    });
    return { instance, database, objects };
  }
  const balancer = await startBalancer(members.map(({ instance }) => instance.port));
  const stop = async (): Promise<void> => {
    running.delete(stop);
    await balancer.stop();
    await Promise.all(members.map(({ instance }) => instance.stop()));
    await Promise.all(members.flatMap(({ database, objects }) => [database.stop(), objects.stop()]));
    await pgbouncer?.stop();
  };
  running.add(stop);
  return {
    postgres,
    ceph,
    bucket,
    databaseUrl,
    members,
    balancer,
    stop,
  };
}
