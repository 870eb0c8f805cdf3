import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { verifyBackup } from "../../src/backup/verify.ts";
import { contentOf, deliveriesOf, everyFile, newFolder, settingsFor, sha256 } from "../helpers/backups.ts";
import { audio, SECRET } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/ports.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import { canTraceFor, readCalls } from "../helpers/strace.ts";
import type { Call } from "../helpers/strace.ts";

setDefaultTimeout(240_000);

const SENDERS = 3;
/** Of every kind some: of quarantined bodies too. */
const DELIVERIES_PER_ROUND = 50;
const ROUNDS = 3;

const root = newFolder();
const data = join(root, "data");
const folder = join(root, "backup");
const receiver = await startReceiver({ folder: (mkdirSync(data), data) });
afterAll(async () => {
  await receiver.stop();
  rmSync(root, { recursive: true, force: true });
});

const run = (place: string, ...args: string[]) => runExecutable(args, settingsFor(place), root);

test("under load a backup has everything that was acknowledged before it began, byte for byte", async () => {
  const acknowledged = new Map<string, string | Uint8Array>();
  let isEnding = false;
  let count = 0;
  const senders = Array.from({ length: SENDERS }, async () => {
    while (!isEnding) {
      for (const body of deliveriesOf(`load_${(count += 1)}`)) {
        const { status } = await receiver.post(body);
        expect([200, 400]).toContain(status);
        acknowledged.set(sha256(body), body);
      }
    }
  });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const countBefore = acknowledged.size;
    while (acknowledged.size < countBefore + DELIVERIES_PER_ROUND) await Bun.sleep(10);
    const before = new Map(acknowledged);
    expect(await run(data, "backup", folder)).toMatchObject({ status: 0, stderr: "" });
    expect(await run(data, "backup", "verify", folder)).toMatchObject({ status: 0, stderr: "" });
    const place = join(root, `restored_${round}`);
    expect(await run(place, "restore", folder)).toMatchObject({ status: 0, stderr: "" });
    await expectAll(place, before);
  }
  isEnding = true;
  await Promise.all(senders);
});

/** Has the restored data tell every delivery again: known by its row, and what was kept as a file is there as it was. */
async function expectAll(place: string, deliveries: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  const { rows, files } = contentOf(place);
  const events = new Map(
    (rows.events as { body_sha256: string; payload: string; payload_path: string }[]).map((event) => [
      event.body_sha256,
      event,
    ]),
  );
  const hashes = new Set(files.values());
  expect(deliveries.size).toBeGreaterThan(0);
  for (const [hash, body] of deliveries) {
    const event = events.get(hash);
    expect(event).toBeDefined();
    const recording = JSON.parse(/"full_audio":("[^"]*")/.exec(String(body))?.[1] ?? "null");
    if (recording !== null) expect(hashes).toContain(sha256(Buffer.from(recording, "base64")));
    else if (event?.payload_path) expect(files.get(`/${event.payload_path}`)).toBe(hash);
    else expect(sha256(event?.payload ?? "")).toBe(hash);
  }
  const restored = await startReceiver({ folder: place });
  expect(restored.output()).not.toContain("missing");
  for (const body of [...deliveries.values()].slice(0, 16)) await restored.post(body);
  expect(restored.rows("SELECT count(*) AS n FROM events")[0]?.n as number).toBe(rows.events?.length ?? 0);
  await restored.stop();
}

const isTraced = canTraceFor("backups killed at every step");

/** Runs a command under strace; returns whether it was killed. */
function runTraced(place: string, options: string[], ...args: string[]): boolean {
  const { signalCode, exitCode } = Bun.spawnSync(["strace", "-f", ...options, EXECUTABLE, ...args], {
    cwd: root,
    env: { ...process.env, ...settingsFor(place) },
    stdout: "ignore",
    stderr: "ignore",
  });
  if (signalCode !== "SIGKILL") expect(exitCode).toBe(0);
  return signalCode === "SIGKILL";
}

/** Kills a command when a thread of it makes its n-th call of these; returns whether one came so far. */
function runKilledAt(calls: string, n: number, place: string, ...args: string[]): boolean {
  const options = [
    "-o",
    "/dev/null",
    "-e",
    `trace=${calls}`,
    "-e",
    `inject=${calls}:signal=SIGKILL:when=${n}`,
  ];
  return runTraced(place, options, ...args);
}

const STEPS = [
  "rename,renameat,renameat2",
  "unlink,unlinkat",
  "fsync,fdatasync",
  "mkdir,mkdirat",
  "pwrite64,copy_file_range,sendfile",
];
const KILLS_MAX = 60;

describe.skipIf(!isTraced)("killed at any step", () => {
  test.each(STEPS)("(%s) a backup leaves the one before, or the new one", async (calls) => {
    const place = join(root, `killed_${STEPS.indexOf(calls)}`);
    const target = `${place}_backup`;
    const source = await startReceiver({ folder: (mkdirSync(place), place) });
    for (const body of deliveriesOf("before")) await source.post(body);
    await run(place, "backup", target);
    for (const body of deliveriesOf("after")) await source.post(body);

    let kills = 0;
    const kept = `${target}_kept`;
    cpSync(target, kept, { recursive: true });
    for (let n = 1; n <= KILLS_MAX && runKilledAt(calls, n, place, "backup", target); n += 1) {
      kills += 1;
      const { faults, header } = await verifyBackup(target);
      expect(faults).toEqual({ count: 0, first: [] });
      expect([8, 16]).toContain(header.events);
      // Each begins with the backup of before, or there would be nothing left to do.
      rmSync(target, { recursive: true });
      cpSync(kept, target, { recursive: true });
    }
    expect(kills).toBeGreaterThan(0);
    expect(kills).toBeLessThan(KILLS_MAX);
    expect(await run(place, "backup", target)).toMatchObject({ status: 0 });
    expect((await verifyBackup(target)).header.events).toBe(16);
    await source.stop();
  });

  test.each(STEPS)(
    "(%s) a restore is finished by the next one, and no receiver starts in between",
    async (calls) => {
      const small = await startReceiver({ folder: newFolder() });
      for (const body of deliveriesOf("some")) await small.post(body);
      await small.stop({ keepFolder: true });
      const target = `${small.folder}_backup`;
      await run(small.folder, "backup", target);
      const expected = contentOf(small.folder);
      const place = `${small.folder}_place`;

      let kills = 0;
      for (let n = 1; n <= KILLS_MAX && runKilledAt(calls, n, place, "restore", target); n += 1) {
        kills += 1;
        const isHalf = existsSync(join(place, "transcripts.sqlite.restoring"));
        const isWhole = !isHalf && existsSync(join(place, "transcripts.sqlite"));
        if (isHalf) expect(await start(place)).toContain("has not been finished: run it again");
        if (!isWhole) expect(await run(place, "restore", target)).toMatchObject({ status: 0, stderr: "" });
        expect(contentOf(place)).toEqual(expected);
        expect(everyFile(place).filter((path) => /\.(tmp|restoring)$/.test(path))).toEqual([]);
        rmSync(place, { recursive: true });
      }
      expect(kills).toBeGreaterThan(0);
      for (const each of [small.folder, target, place]) rmSync(each, { recursive: true, force: true });
    },
  );
});

test.skipIf(!isTraced)(
  "everything is on disk before the manifest names it, also what a killed backup has left",
  async () => {
    const target = join(root, "flushed");
    const trace = join(root, "trace");
    // A backup that was killed before its manifest leaves its files.
    const names = ["manifest.jsonl", "database"];
    await run(data, "backup", target);
    for (const name of names) rmSync(join(target, name), { recursive: true });
    await receiver.post(audio("conv_flushed", Buffer.from("to be flushed")));
    const calls = `${STEPS[0]},${STEPS[2]}`;
    runTraced(data, ["-y", "-s", "4096", "-o", trace, "-e", `trace=${calls}`], "backup", target);

    const done = readCalls(trace).toSorted((a, b) => a.ended - b.ended);
    const renames = done.filter(({ name, text }) => name.startsWith("rename") && text.includes(target));
    const flushedBefore = (path: string, call: Call | undefined) =>
      done.some(
        ({ name, text, ended }) =>
          name.startsWith("f") && text.includes(`<${path}>`) && ended < (call?.begun ?? 0),
      );
    const last = renames.at(-1);
    expect(last?.text).toContain(join(target, "manifest.jsonl"));
    expect(renames).toHaveLength(3);
    for (const rename of renames) {
      const [from = ""] = /(?<=")[^"]+\.tmp(?=")/.exec(rename.text) ?? [];
      expect([from, flushedBefore(from, rename)]).toEqual([from, true]);
    }
    for (const path of everyFile(target).filter((each) => /\.(mp3|body|sqlite)$/.test(each)))
      expect([path, flushedBefore(dirname(path), last)]).toEqual([path, true]);
  },
);

async function start(place: string): Promise<string> {
  const { status, stdout } = await runExecutable(
    ["serve"],
    {
      ...settingsFor(place),
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    },
    root,
  );
  expect(status).toBe(1);
  return stdout;
}
