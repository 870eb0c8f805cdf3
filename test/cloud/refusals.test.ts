import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { CEPH_PROGRAMS } from "../helpers/ceph.ts";
import { isOpensslMissing } from "../helpers/certificate.ts";
import { startServers } from "../helpers/cloud/cluster.ts";
import type { Servers } from "../helpers/cloud/cluster.ts";
import { startInstance, TOKEN } from "../helpers/cloud/instance.ts";
import { SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { hasMeans } from "../helpers/means.ts";
import {
  createDatabaseOnSmallDisk,
  requirePassword,
  setReadOnly,
  useCertificate,
} from "../helpers/postgres-faults.ts";
import { hasPostgres } from "../helpers/postgres.ts";
import { freePort } from "../helpers/ports.ts";
import { runExecutable } from "../helpers/receiver.ts";

setDefaultTimeout(120_000);

const isPossible =
  hasPostgres("what is refused at a start") &&
  hasMeans("what is refused at a start", ...CEPH_PROGRAMS) &&
  !isOpensslMissing;

type Settings = Record<string, string>;
type Wrong = {
  name: string;
  says: RegExp;
  settings: (servers: Servers, right: Settings) => Promise<Settings> | Settings;
};

const withDatabase = (settings: Settings, change: (url: URL) => void): Settings => {
  const url = new URL(settings.DATABASE_URL ?? "");
  change(url);
  return { ...settings, DATABASE_URL: url.href };
};

const wrong: Wrong[] = [
  {
    name: "a wrong password",
    says: /refuses the user or the password .*correct them in DATABASE_URL/i,
    settings: async ({ postgres }, right) => {
      const url = await requirePassword(postgres, right.DATABASE_URL ?? "", "right");
      return { ...right, DATABASE_URL: url.replace(":right@", ":not-the-word@") };
    },
  },
  {
    name: "a database that is not there",
    says: /no such database .*create it/i,
    settings: (_, right) => withDatabase(right, (url) => (url.pathname = "/nowhere")),
  },
  {
    name: "a server that is not there",
    says: /nothing listens there .*start the server/i,
    settings: async (_, right) => {
      const port = await freePort();
      return withDatabase(right, (url) => (url.port = String(port)));
    },
  },
  {
    name: "a certificate that has expired",
    says: /certificate has expired .*renew it/i,
    settings: async ({ postgres }, right) => {
      const file = await useCertificate(postgres, { isExpired: true });
      return withDatabase(right, (url) => {
        url.hostname = "localhost";
        url.search = `?sslmode=verify-full&sslrootcert=${file}`;
      });
    },
  },
  {
    name: "a bucket that is not there",
    says: /bucket nowhere .*does not exist .*make it, or correct AUDIO_STORAGE_PATH/i,
    settings: (_, right) => ({ ...right, AUDIO_STORAGE_PATH: "s3://nowhere/recordings" }),
  },
  {
    name: "a wrong key of the bucket",
    says: /AWS_SECRET_ACCESS_KEY/,
    settings: (_, right) => ({ ...right, AWS_SECRET_ACCESS_KEY: "not-the-word" }),
  },
  {
    name: "recordings in a folder",
    says: /AUDIO_STORAGE_PATH: with DATABASE_URL/,
    settings: (_, right) => ({ ...right, AUDIO_STORAGE_PATH: "/tmp/recordings" }),
  },
];

describe.skipIf(!isPossible)("on Postgres and a bucket", () => {
  let servers: Servers & { stop: () => Promise<void> };
  let right: Settings;
  beforeAll(async () => {
    servers = await startServers();
    servers.ceph.createBucket("refusals");
    right = { DATABASE_URL: await servers.postgres.createDatabase(), ...servers.ceph.settings("refusals") };
  });
  afterAll(async () => servers.stop());

  const check = (settings: Settings) =>
    runExecutable(["check"], {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      API_TOKEN: TOKEN,
      SPOOL_PATH: "/tmp/spool",
      ...settings,
    });

  test("check finds nothing wrong if nothing is", async () => {
    const { status, stdout, stderr } = await check(right);
    expect(stdout + stderr).toMatch(/Postgres/);
    expect(status).toBe(0);
  });

  test.each(wrong)("$name: check and the start name it and what to do", async ({ says, settings }) => {
    const given = await settings(servers, right);
    const { status, stdout, stderr } = await check(given);
    expect((stdout + stderr).replaceAll(/\s+/g, " ")).toMatch(says);
    expect(stdout + stderr).not.toContain("not-the-word");
    expect(status).not.toBe(0);

    const started = await startInstance(given, { isAwaited: false });
    // Without the bucket it receives what needs none; without Postgres it ends.
    while (!says.test(started.output())) await Bun.sleep(50);
    expect(started.output()).not.toContain("not-the-word");
    await started.kill();
  });

  test("a read-only replica and a full disk of the server: /health and /state tell it, until it is over", async () => {
    const { postgres, ceph } = servers;
    const disk = await createDatabaseOnSmallDisk(postgres, 40);
    const instance = await startInstance({
      ...ceph.settings("refusals"),
      DATABASE_URL: disk?.url ?? right.DATABASE_URL ?? "",
    });
    let count = 0;
    const post = async () => {
      const body = transcription(`conv_${(count += 1)}`, {
        more: Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("hex"),
      });
      const headers = { "elevenlabs-signature": sign(body) };
      return (await fetch(`${instance.url}/webhook`, { method: "POST", headers, body })).status;
    };
    const problems = async () => JSON.stringify(await (await instance.ask("/state")).json());
    expect(await post()).toBe(200);

    await setReadOnly(postgres, true);
    while ((await post()) === 200) await Bun.sleep(50);
    expect((await fetch(`${instance.url}/health`)).status).toBe(503);
    expect(await problems()).toMatch(/read-only/);
    await setReadOnly(postgres, false);
    await instance.untilHealthy();
    expect(await post()).toBe(200);

    if (disk !== null) {
      disk.fill();
      while ((await post()) === 200) await Bun.sleep(20);
      expect((await fetch(`${instance.url}/health`)).status).toBe(503);
      expect(await problems()).toMatch(/disk is full/);
      disk.empty();
      await instance.untilHealthy();
      expect(await post()).toBe(200);
    }
    await instance.stop();
    disk?.unmount();
  });
});
