import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programPath } from "./means.ts";
import { freePort } from "./ports.ts";

const START_MS_MAX = 60_000;
export const CEPH_PROGRAMS = ["ceph", "ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "radosgw-admin", "curl"];

export const CEPH_KEY = "accesskey";
export const CEPH_SECRET = "secretkey";

/** Ceph's S3 gateway with all that it needs, in memory and in a folder of its own: 1.5 GB, about 15 s to start. */
export type Ceph = Awaited<ReturnType<typeof startCeph>>;

/** Starts Ceph; ends it at `stop`. Needs root and `CEPH_PROGRAMS`. */
export async function startCeph() {
  const folder = mkdtempSync(join(tmpdir(), "ceph-"));
  for (const name of ["mon", "osd", "mgr", "rgw", "log"]) mkdirSync(join(folder, name));
  const [monPort, monOldPort, firstPort, gatewayPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const id = randomUUID();
  writeFileSync(
    join(folder, "ceph.conf"),
    configuration({ folder, id, monPort, monOldPort, firstPort, gatewayPort }),
  );
  const environment = { PATH: process.env.PATH ?? "", CEPH_CONF: join(folder, "ceph.conf"), HOME: folder };

  function run(...command: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(command, { cwd: folder, env: environment, stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  }

  function daemon(...command: string[]): Bun.Subprocess {
    const [name = ""] = command;
    const child = Bun.spawn([programPath(name) ?? name, ...command.slice(1), "-c", "ceph.conf", "-f"], {
      cwd: folder,
      env: environment,
      stdout: "ignore",
      stderr: Bun.file(join(folder, "log", `${name}.err`)),
    });
    return child;
  }

  const mon = `[v2:127.0.0.1:${monPort},v1:127.0.0.1:${monOldPort}]`;
  run("monmaptool", "--create", "--clobber", "--fsid", id, "--addv", "a", mon, "monmap");
  run("ceph-mon", "-i", "a", "-c", "ceph.conf", "--mkfs", "--monmap", "monmap");
  const daemons = [
    daemon("ceph-mon", "-i", "a", "--public-addr", "127.0.0.1"),
    daemon("ceph-mgr", "-i", "x"),
  ];
  const osdId = randomUUID();
  run("ceph", "-c", "ceph.conf", "--connect-timeout", "30", "osd", "new", osdId);
  run("ceph-osd", "-i", "0", "-c", "ceph.conf", "--mkfs", "--osd-uuid", osdId);
  run("ceph", "-c", "ceph.conf", "osd", "crush", "add", "osd.0", "1", "root=default", "host=localhost");
  daemons.push(daemon("ceph-osd", "-i", "0"));
  const user = ["user", "create", "--uid", "app", "--display-name", "app"];
  const keys = ["--access-key", CEPH_KEY, "--secret-key", CEPH_SECRET];
  run("timeout", "60", "radosgw-admin", "-c", "ceph.conf", ...user, ...keys);
  const url = `http://127.0.0.1:${gatewayPort}`;
  let gateway = await startGateway();

  async function startGateway(): Promise<Bun.Subprocess> {
    const child = daemon("radosgw", "-n", "client.admin");
    const deadlineMs = performance.now() + START_MS_MAX;
    while (!(await answers(url))) {
      if (performance.now() > deadlineMs)
        throw new Error(`Ceph does not answer; its logs are in ${folder}/log`);
      await Bun.sleep(100);
    }
    return child;
  }

  return {
    url,
    port: gatewayPort,
    folder,
    /** The settings with which a receiver uses a bucket; by way of another port, such as a proxy's. */
    settings: (bucket: string, port = gatewayPort) => ({
      AUDIO_STORAGE_PATH: `s3://${bucket}/recordings`,
      AWS_ACCESS_KEY_ID: CEPH_KEY,
      AWS_SECRET_ACCESS_KEY: CEPH_SECRET,
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT: `http://127.0.0.1:${port}`,
    }),
    /** Makes a bucket. */
    createBucket(bucket: string): void {
      request("PUT", `${url}/${bucket}`);
    },
    /** The names and lengths of all objects in a bucket. */
    list(bucket: string): { key: string; bytes: number }[] {
      const objects: { key: string; bytes: number }[] = [];
      let after = "";
      for (;;) {
        const text = request(
          "GET",
          `${url}/${bucket}?list-type=2&max-keys=1000&start-after=${encodeURIComponent(after)}`,
        );
        const found = [...text.matchAll(/<Key>([^<]*)<\/Key>[^]*?<Size>(\d+)<\/Size>/g)];
        objects.push(...found.map(([, key = "", bytes]) => ({ key, bytes: Number(bytes) })));
        after = objects.at(-1)?.key ?? "";
        if (!text.includes("<IsTruncated>true<")) return objects;
      }
    },
    /** The SHA-256 of an object's bytes. */
    sha256(bucket: string, key: string): string {
      const bytes = Bun.spawnSync(["curl", ...SIGNED, `${url}/${bucket}/${key}`]).stdout;
      return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    },
    /** Ends the gateway at once; what is stored stays. */
    async kill(): Promise<void> {
      gateway.kill("SIGKILL");
      await gateway.exited;
    },
    /** Starts the gateway again. */
    async start(): Promise<void> {
      gateway = await startGateway();
    },
    async stop(): Promise<void> {
      for (const child of [gateway, ...daemons.toReversed()]) {
        child.kill("SIGKILL");
        await child.exited;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const SIGNED = [
  "--header",
  "x-amz-content-sha256: UNSIGNED-PAYLOAD",
  "--silent",
  "--fail",
  "--aws-sigv4",
  "aws:amz:us-east-1:s3",
  "--user",
  `${CEPH_KEY}:${CEPH_SECRET}`,
];

function request(method: string, url: string): string {
  const { exitCode, stdout } = Bun.spawnSync(["curl", ...SIGNED, "-X", method, url]);
  if (exitCode !== 0) throw new Error(`${method} ${url}: curl ends with ${exitCode}`);
  return stdout.toString();
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).status < 500;
  } catch {
    return false;
  }
}

type Places = {
  folder: string;
  id: string;
  monPort: number;
  monOldPort: number;
  firstPort: number;
  gatewayPort: number;
};

function configuration({ folder, id, monPort, monOldPort, firstPort, gatewayPort }: Places): string {
  return `[global]
fsid=${id}
mon_host=[v2:127.0.0.1:${monPort},v1:127.0.0.1:${monOldPort}]
auth_cluster_required=none
auth_service_required=none
auth_client_required=none
osd_pool_default_size=1
osd_pool_default_min_size=1
osd_pool_default_pg_num=4
osd_crush_chooseleaf_type=0
mon_allow_pool_size_one=true
mon_warn_on_pool_no_redundancy=false
ms_bind_ipv6=false
ms_bind_port_min=${firstPort}
ms_bind_port_max=${firstPort + 40}
public_addr=127.0.0.1
cluster_addr=127.0.0.1
run_dir=${folder}
admin_socket=${folder}/$name.asok
log_file=${folder}/log/$name.log
pid_file=${folder}/$name.pid
mon_data=${folder}/mon
mon_data_avail_warn=1
mon_data_avail_crit=1
mon_osd_min_in_ratio=0
mon_max_pg_per_osd=1000
mgr_data=${folder}/mgr
mgr_initial_modules=
osd_objectstore=memstore
memstore_device_bytes=4294967296
osd_data=${folder}/osd
osd_max_object_name_len=256
rgw_frontends=beast endpoint=127.0.0.1:${gatewayPort}
rgw_dns_name=127.0.0.1
rgw_data=${folder}/rgw
rgw_gc_max_objs=4
rgw_enable_usage_log=false
# Without it the first connection hangs.
ms_mon_client_mode=crc
`;
}
