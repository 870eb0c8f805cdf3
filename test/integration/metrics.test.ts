import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ForwardFigures } from "../../src/forward/forwarding.ts";
import type { ConnectionStatus } from "../../src/problems/statuses.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { audio, SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { promtool } from "../helpers/promtool.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const OLD_SECRET = `wsec_${"0".repeat(64)}`;
const MINUTE_MS = 60_000;

let receiver: TestApp;
const clock = standingClock();

const headers = { authorization: `Bearer ${TOKEN}` };
const scrape = async (app = receiver) => (await app.handle("/metrics", { headers })).text();

/** The value of one series; null where it is not there. */
async function valueOf(series: string, app = receiver): Promise<number | null> {
  const text = await scrape(app);
  const line = text.split("\n").find((one) => one.startsWith(`elevenlabs_webhook_${series} `));
  return line === undefined ? null : Number(line.split(" ").at(-1));
}

const deliver = (body: string, secret = SECRET, app = receiver) =>
  app.post(body, sign(body, { secret, timestamp: Math.floor(clock.nowMs() / 1000) }));

const crm = {
  name: "crm",
  host: "crm.example.com",
  delivered: 5,
  failed: 2,
  eventId: 90,
  lastEventId: 100,
  parked: 1,
  dead: 3,
  stopped: null,
};

const openForwarding = (forwarded: () => ForwardFigures = () => [crm]) =>
  openTestApp({
    config: { apiTokens: [TOKEN], recover: { kind: "all" }, vendorApiKey: "sk_0123456789abcdef" },
    recovery: () => ({
      pendingCount: 2,
      failedCount: 1,
      lastSuccessAtMs: 1_793_620_800_000,
      fault: null,
      onlyRecoveredCount: 0,
    }),
    destinations: [
      {
        name: "crm",
        url: "https://crm.example.com/",
        host: "crm.example.com",
        keys: [],
        types: null,
        agents: null,
        payload: "full",
        headers: {},
        wantsErased: false,
      },
    ],
    forwarded,
    connection: () => ({ webhook: "enabled", lastFailure: { status: 502, atMs: clock.nowMs() } }),
  });

beforeAll(async () => {
  const config = { apiTokens: [TOKEN], retentionDays: 365 };
  receiver = await openTestApp({ config, clock, secrets: [SECRET, OLD_SECRET] });
});
afterAll(() => receiver.close());

test("begins with every series of a known label at zero, so that the first is an increase", async () => {
  for (const series of [
    'deliveries_total{outcome="stored"}',
    'deliveries_total{outcome="failed"}',
    'refusals_total{reason="signature_mismatch"}',
    'refusals_total{reason="disk_low"}',
    'signatures_total{secret_index="1"}',
    'delivery_duration_seconds_count{outcome="stored"}',
    "duplicates_total",
  ]) {
    expect([series, await valueOf(series)]).toEqual([series, 0]);
  }
  expect(await valueOf("last_event_age_seconds")).toBeNull();
});

test("tells how far each destination has been sent, if there are any", async () => {
  let figures: ForwardFigures = [];
  const app = await openForwarding(() => figures);
  const failed = 'forward_deliveries_total{destination="crm",outcome="failed"}';
  const at = (name: string) => valueOf(`forward_${name}{destination="crm"}`, app);
  expect(await valueOf(failed, app)).toBe(0);
  expect(await at("lag_events")).toBeNull();
  figures = [crm];
  const values = await Promise.all(["lag_events", "parked", "dead", "stopped"].map(at));
  expect(values).toEqual([10, 1, 3, 0]);
  expect(await valueOf(failed, app)).toBe(2);
  figures = [{ ...crm, failed: 7, stopped: "gone" }];
  expect(await valueOf(failed, app)).toBe(7);
  expect(await at("stopped")).toBe(1);
  await app.close();
  expect(await scrape()).not.toContain("forward_");
});

test("tells what is recovered, if that is on", async () => {
  const app = await openForwarding();
  for (const [series, value] of [
    ['recovered_total{kind="transcript"}', 0],
    ['recovered_total{kind="recording"}', 0],
    ['recovery_failures_total{reason="key"}', 0],
    ["recovery_pending", 2],
    ["recovery_last_success_timestamp_seconds", 1_793_620_800],
  ] as const) {
    expect([series, await valueOf(series, app)]).toEqual([series, value]);
  }
  await app.close();
  expect(await scrape()).not.toMatch(/^elevenlabs_webhook_recover/m);
});

test("tells whether the clock by which things are erased is confirmed, if anything is erased by age", async () => {
  const other = await openTestApp({ config: { apiTokens: [TOKEN], audioRetentionDays: 7 } });
  expect(await valueOf("retention_clock_confirmed", other)).toBe(0);
  await other.post(transcription("conv_1"));
  expect(await valueOf("retention_clock_confirmed", other)).toBe(1);
  await other.close();
  const keeping = await openTestApp({ config: { apiTokens: [TOKEN] } });
  expect(await valueOf("retention_clock_confirmed", keeping)).toBeNull();
  await keeping.close();
});

test("counts deliveries by outcome, duplicates, refusals by reason and secrets in use", async () => {
  await deliver(transcription("conv_1"));
  await deliver(transcription("conv_1"));
  await deliver(transcription("conv_2"), OLD_SECRET);
  await deliver('{"type":"new_thing"}');
  await deliver(transcription("conv_3"), "another");
  await receiver.post(transcription("conv_3"), null);
  const expected = {
    'deliveries_total{outcome="stored"}': 3,
    'deliveries_total{outcome="quarantined"}': 1,
    'deliveries_total{outcome="refused"}': 2,
    duplicates_total: 1,
    'refusals_total{reason="signature_mismatch"}': 1,
    'refusals_total{reason="signature_missing"}': 1,
    'signatures_total{secret_index="0"}': 3,
    'signatures_total{secret_index="1"}': 1,
    'delivery_duration_seconds_count{outcome="stored"}': 3,
    'delivery_duration_seconds_bucket{le="+Inf",outcome="refused"}': 2,
    quarantined_events: 1,
    in_flight_deliveries: 0,
    in_flight_memory_bytes: 0,
    in_flight_disk_bytes: 0,
  };
  for (const [series, value] of Object.entries(expected)) {
    expect([series, await valueOf(series)]).toEqual([series, value]);
  }
});

test("counts a delivery that could not be stored", async () => {
  const other = await openTestApp({ config: { apiTokens: [TOKEN] }, clock });
  other.store.events.add = () => Promise.reject(new Error("no"));
  expect((await deliver(transcription("conv_1"), SECRET, other)).status).toBe(500);
  expect(await valueOf('deliveries_total{outcome="failed"}', other)).toBe(1);
  await other.close();
});

test("tells sizes, free disk and the time since the last event", async () => {
  await deliver(audio("conv_1", Buffer.alloc(1234)));
  clock.advanceMs(90_500);
  expect(await valueOf("recording_bytes")).toBe(1234);
  expect(await valueOf("last_event_age_seconds")).toBe(90.5);
  expect(await valueOf("database_bytes")).toBeGreaterThanOrEqual(8192);
  expect(await valueOf("wal_bytes")).toBeGreaterThan(0);
  expect(await valueOf("free_disk_bytes")).toBeGreaterThan(0);
});

describe("conversations that say they have audio", () => {
  const missing = (app = receiver) => valueOf("conversations_without_recording", app);

  test("are told when none has come within 15 minutes, and no more once it has, or after a day", async () => {
    for (const id of ["conv_late", "conv_never"]) await deliver(transcription(id, { has_audio: true }));
    await deliver(transcription("conv_silent", { has_audio: false }));
    await deliver(transcription("conv_unsaid"));
    clock.advanceMs(15 * MINUTE_MS);
    expect(await missing()).toBe(0);
    clock.advanceMs(1);
    expect(await missing()).toBe(2);
    await deliver(audio("conv_late", Buffer.from("mp3")));
    expect(await missing()).toBe(1);
    clock.advanceMs(24 * 60 * MINUTE_MS);
    expect(await missing()).toBe(0);
  });

  test("are not waited for while recordings are not stored", async () => {
    const other = await openTestApp({ config: { apiTokens: [TOKEN], storeAudio: false } });
    await other.post(transcription("conv_1", { has_audio: true }));
    expect(await missing(other)).toBeNull();
    await other.close();
  });
});

test("tells what it can while the database can't be asked", async () => {
  const other = await openTestApp({ config: { apiTokens: [TOKEN] } });
  await other.post(transcription("conv_1"));
  other.queries.ask = () => Promise.reject(new Error("busy"));
  expect(await valueOf('deliveries_total{outcome="stored"}', other)).toBe(1);
  expect(await valueOf("quarantined_events", other)).toBeNull();
  await other.close();
});

test("is text for Prometheus, asks for the token, and answers other methods with 405", async () => {
  const response = await receiver.handle("/metrics", { headers });
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await receiver.ask("/metrics", null)).status).toBe(401);
  const posted = await receiver.handle("/metrics", { method: "POST", headers });
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const closed = await openTestApp();
  expect((await closed.ask("/metrics", TOKEN)).status).toBe(404);
  await closed.close();
});

test("tell how the webhook stands at ElevenLabs, if that is known", async () => {
  const status = (connection: ConnectionStatus | null) =>
    openTestApp({ config: { apiTokens: [TOKEN] }, connection: () => connection });
  const failed = { status: 502, atMs: 1793620800_000 };
  for (const [connection, enabled, failureAt] of [
    [null, null, null],
    [{ webhook: "unknown", lastFailure: null }, null, null],
    [{ webhook: "enabled", lastFailure: null }, 1, null],
    [{ webhook: "disabled", lastFailure: failed }, 0, 1793620800],
    [{ webhook: "not_connected", lastFailure: null }, 0, null],
  ] as const) {
    const app = await status(connection);
    expect(await valueOf("webhook_enabled", app)).toBe(enabled);
    expect(await valueOf("webhook_last_failure_timestamp_seconds", app)).toBe(failureAt);
    await app.close();
  }
});

describe("scripts/monitoring", () => {
  const folder = join(import.meta.dir, "../../scripts/monitoring");
  const rules = readFileSync(join(folder, "alerts.yml"), "utf8");

  test("uses only metrics that there are", async () => {
    const forwarding = await openForwarding();
    const there = new Set(
      `${await scrape()}\n${await scrape(forwarding)}`.match(/^elevenlabs_webhook_\w+/gm),
    );
    await forwarding.close();
    const used = new Set(rules.match(/elevenlabs_webhook_\w+/g));
    expect(used.size).toBeGreaterThanOrEqual(8);
    expect([...used].filter((name) => !there.has(name))).toEqual([]);
  });

  test("is named by a rule file that is there", () => {
    const [, file = ""] = /^ {2}- (\S+)$/m.exec(readFileSync(join(folder, "prometheus.yml"), "utf8")) ?? [];
    expect(existsSync(join(folder, file))).toBe(true);
  });

  test.skipIf(promtool === null)("holds what promtool asks of metrics, rules and configuration", async () => {
    const check = (args: string[], input = "") => {
      const { exitCode, stdout, stderr } = Bun.spawnSync([promtool ?? "", ...args], {
        cwd: folder,
        stdin: Buffer.from(input),
      });
      return { args, exitCode, problems: exitCode === 0 ? "" : `${stdout}${stderr}` };
    };
    const forwarding = await openForwarding();
    const forwarded = await scrape(forwarding);
    await forwarding.close();
    const fixtures = join(dirname(import.meta.dir), "fixtures/alerts.test.yml");
    for (const checked of [
      check(["check", "metrics"], await scrape()),
      check(["check", "metrics"], forwarded),
      check(["check", "rules", "alerts.yml"]),
      check(["check", "config", "--syntax-only", "prometheus.yml"]),
      check(["test", "rules", fixtures]),
    ]) {
      expect(checked).toMatchObject({ exitCode: 0, problems: "" });
    }
  });
});

test("are answered while the thread that reads is busy, with the figures of the last time", async () => {
  await receiver.ask("/conversations?q=hello");
  await deliver('{"type":"another_new_thing"}');
  const quarantined = await valueOf("quarantined_events");
  expect(quarantined).toBeGreaterThan(0);
  await deliver(transcription("conv_busy"));
  // A search first takes over what has arrived: it waits for the index, and everybody for it.
  const index = new Database(`${receiver.config.databasePath}.search`);
  index.run("PRAGMA busy_timeout = 5000");
  index.run("BEGIN EXCLUSIVE");
  const searches = Array.from({ length: 5 }, () => receiver.ask("/conversations?q=hello"));
  const first = await Promise.race([
    ...searches.map((search) => search.then(() => "a search")),
    valueOf("quarantined_events"),
  ]);
  index.run("COMMIT");
  index.close();
  await Promise.all(searches);
  expect(first).toBe(quarantined);
});
