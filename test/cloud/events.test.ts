import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { SQL } from "bun";
import { CEPH_PROGRAMS } from "../helpers/ceph.ts";
import { startCluster, startServers } from "../helpers/cloud/cluster.ts";
import type { Cluster, Servers } from "../helpers/cloud/cluster.ts";
import { startFollower } from "../helpers/cloud/follower.ts";
import { startInstance } from "../helpers/cloud/instance.ts";
import { judge } from "../helpers/cloud/judge.ts";
import { startSenders } from "../helpers/cloud/senders.ts";
import { audio, sign, transcription } from "../helpers/deliveries.ts";
import { largeAudio, sendStream } from "../helpers/stream.ts";
import { hasMeans } from "../helpers/means.ts";
import { hasPostgres } from "../helpers/postgres.ts";
import { buildNextVersion } from "../deploy/next-version.ts";

setDefaultTimeout(120_000);

const isPossible =
  hasPostgres("events on Postgres and a bucket") && hasMeans("events on Postgres", ...CEPH_PROGRAMS);

const LONG_ID = `conv_${"x".repeat(10_000)}`;
const NUL = "\u0000";
const words = Array.from({ length: 200_000 }, (_, index) => `word${index}`).join(" ");
const turn = (message: string) => ({ transcript: [{ role: "user", message, time_in_call_secs: 0 }] });
const odd: { name: string; body: string | Uint8Array }[] = [
  { name: "NUL in a text", body: transcription("conv_nul", turn(`before${NUL}after`)) },
  { name: "NUL in the id", body: transcription(`conv_nul${NUL}id`) },
  {
    name: "NUL in an agent's name",
    body: transcription("conv_agent", { agent_name: `A${NUL}B`, agent_id: NUL }),
  },
  {
    name: "a lone surrogate in every text",
    body: transcription("conv_surrogate", { agent_name: "X", ...turn("X"), user_id: "X" }).replaceAll(
      '"X"',
      '"\\ud800"',
    ),
  },
  { name: "a lone surrogate in the id", body: transcription("conv_X").replaceAll("conv_X", "conv_\\ud800") },
  { name: "an id of 10 KB", body: transcription(LONG_ID) },
  {
    name: "an agent's id and a user's id of 10 KB",
    body: transcription("conv_long", { agent_id: LONG_ID, user_id: LONG_ID }),
  },
  { name: "a recording of an id of 10 KB", body: audio(LONG_ID, Buffer.from("a recording")) },
  { name: "2 MB of distinct words", body: transcription("conv_words", turn(words)) },
  { name: "a word of 2 MB", body: transcription("conv_word", turn("w".repeat(2_000_000))) },
  {
    name: "invalid UTF-8",
    body: Buffer.concat([
      Buffer.from(transcription("conv_utf8")).subarray(0, -3),
      Buffer.from([0x22, 0x3a, 0xff, 0xfe]),
    ]),
  },
  {
    name: "invalid UTF-8 within a text",
    body: Buffer.from(transcription("conv_utf8_text", turn("~")).replace("~", "\u00ff"), "latin1"),
  },
  {
    name: "numbers out of every range",
    body: transcription("conv_1e999", {
      metadata: { start_time_unix_secs: 1e300, call_duration_secs: -1e300, cost: 1e308 },
    }),
  },
];

describe.skipIf(!isPossible)("on Postgres and a bucket", () => {
  let servers: Servers & { stop: () => Promise<void> };
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => servers.stop());

  describe("odd events are stored or quarantined, and never fail:", () => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await startCluster(servers, { instanceCount: 1 });
    });
    afterAll(async () => cluster.stop());

    test.each(odd)("$name", async ({ body }) => {
      const post = () =>
        fetch(`http://127.0.0.1:${cluster.balancer.port}/webhook`, {
          method: "POST",
          headers: { "elevenlabs-signature": sign(body) },
          body: Buffer.from(body),
        });
      const { status } = await post();
      expect([200, 400]).toContain(status);
      // Its repeat is answered alike, and others beside it are stored.
      expect((await post()).status).toBe(status);
      const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
      const sql = new SQL({ url: cluster.databaseUrl, max: 1 });
      const rows = await sql.unsafe(`SELECT status FROM events WHERE body_sha256 = '${sha256}'`);
      await sql.close();
      expect(rows.map((row: { status: string }) => row.status)).toEqual([
        status === 200 ? "processed" : "quarantined",
      ]);
      const instance = cluster.members[0]?.instance;
      for (const path of [
        "/conversations?q=word1",
        "/conversations",
        "/events",
        "/state",
        "/stats",
        "/export?format=csv",
      ]) {
        expect((await instance?.ask(path))?.status).toBe(200);
      }
    });
  });

  test("a follower beside six writers sees every event", async () => {
    const cluster = await startCluster(servers, { instanceCount: 6 });
    const follower = startFollower(cluster.members.map(({ instance }) => instance).slice(0, 1));
    // Large and small ones: what takes long must not become visible behind what is quick.
    const sizes = { summaryBytesMax: 500_000 };
    const senders = startSenders(cluster.balancer.port, "six", sizes);
    const more = cluster.members.map(({ instance }, index) =>
      startSenders(instance.port, `own${index}`, { ...sizes, recordings: 0 }),
    );
    await Bun.sleep(6_000);
    const all = [senders, ...more];
    await Promise.all(all.map((one) => one.stop()));
    await follower.stop();
    const acknowledged = all.flatMap((one) => one.acknowledged);
    const verdict = await judge({ ...cluster, acknowledged });
    const sql = new SQL({ url: cluster.databaseUrl, max: 1 });
    const rows: { id: number | string }[] = await sql.unsafe("SELECT id FROM events ORDER BY id");
    await sql.close();
    await cluster.stop();
    console.log(
      `six writers: ${acknowledged.length} acknowledged, ${follower.seen.size} seen by the follower`,
    );
    expect(all.flatMap(({ errors }) => errors.map(({ text }) => text))).toEqual([]);
    expect(verdict).toEqual({ lost: [], doubled: [], damaged: [] });
    expect(rows.map(({ id }) => Number(id)).filter((id) => !follower.seen.has(id))).toEqual([]);
  });

  test("what one receiver erases while another takes its recording is gone", async () => {
    const cluster = await startCluster(servers);
    const [one, other] = cluster.members.map(({ instance }) => instance);
    if (one === undefined || other === undefined) throw new Error("there are two");
    const ids = Array.from({ length: 20 }, (_, index) => `conv_erased_${index}`);
    const statuses = await Promise.all(
      ids.map(async (id, index) => {
        const body = transcription(id);
        await fetch(`${one.url}/webhook`, {
          method: "POST",
          headers: { "elevenlabs-signature": sign(body) },
          body,
        });
        const { body: pieces, signature } = largeAudio(id, 3_000_000);
        const upload = sendStream(one.port, { body: pieces(), signature: signature() });
        await Bun.sleep(index * 40);
        const erased = await other.ask(`/conversations/${id}`, "DELETE");
        return [(await upload).status, erased.status];
      }),
    );
    expect(statuses).toEqual(ids.map(() => [200, 200]));
    const sql = new SQL({ url: cluster.databaseUrl, max: 1 });
    const left = await sql.unsafe(
      "SELECT conversation_id FROM events UNION ALL SELECT conversation_id FROM conversations",
    );
    await sql.close();
    expect([...left]).toEqual([]);
    const objects = cluster.ceph.list(cluster.bucket).filter(({ key }) => !key.endsWith("/.owner"));
    expect(objects).toEqual([]);
    await cluster.stop();
  });

  test("six starts at once on an empty database all receive", async () => {
    const settings = await settingsOf(servers, "six-starts");
    const instances = await Promise.all(Array.from({ length: 6 }, () => startInstance(settings)));
    const statuses = await Promise.all(
      instances.map(async ({ url }, index) => {
        const body = transcription(`conv_${index}`);
        const headers = { "elevenlabs-signature": sign(body) };
        return (await fetch(`${url}/webhook`, { method: "POST", headers, body })).status;
      }),
    );
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
    for (const instance of instances) expect(await instance.stop()).toBe(0);
  });

  describe("the next version", () => {
    const GO_ON = { sql: "ALTER TABLE events ADD COLUMN note text", olderPrograms: "go on" } as const;
    const STOP = { sql: "ALTER TABLE events RENAME COLUMN error TO fault", olderPrograms: "stop" } as const;

    test("works beside this one if its migration lets it go on", async () => {
      const settings = await settingsOf(servers, "go-on");
      const old = await startInstance(settings);
      const next = await startInstance(settings, { executable: buildNextVersion(GO_ON, "postgres") });
      const senders = [startSenders(old.port, "old"), startSenders(next.port, "new")];
      await Bun.sleep(3_000);
      await Promise.all(senders.map((one) => one.stop()));
      await old.kill();
      // The one before can also be started again.
      await old.restart();
      expect(senders.flatMap(({ errors }) => errors.map(({ text }) => text))).toEqual([]);
      expect(senders.every(({ acknowledged }) => acknowledged.length > 0)).toBe(true);
      await Promise.all([old.stop(), next.stop()]);
    });

    test("is refused beside this one if its migration stops it, and says why", async () => {
      const settings = await settingsOf(servers, "stop");
      const old = await startInstance(settings);
      const executable = buildNextVersion(STOP, "postgres");
      const next = await startInstance(settings, { executable, isAwaited: false });
      expect(await next.exited()).not.toBe(0);
      expect(next.output()).toMatch(/ERROR.*can't be used by an older version/);
      await old.stop();

      const alone = await startInstance(settings, { executable });
      const refused = await startInstance(settings, { isAwaited: false });
      expect(await refused.exited()).not.toBe(0);
      expect(refused.output()).toMatch(/ERROR.*run the newer version/);
      await alone.stop();
    });
  });
});

async function settingsOf({ postgres, ceph }: Servers, bucket: string): Promise<Record<string, string>> {
  ceph.createBucket(bucket);
  return { DATABASE_URL: await postgres.createDatabase(), ...ceph.settings(bucket) };
}
