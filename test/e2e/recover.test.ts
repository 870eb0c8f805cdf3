import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { fakeWebhook } from "../helpers/fake-elevenlabs/workspace.ts";
import { transcription } from "../helpers/deliveries.ts";
import { notifySocket } from "../helpers/notify-socket.ts";
import { runExecutable, startReceiver } from "../helpers/receiver.ts";
import { isShared, testOfFiles } from "../helpers/shared-store.ts";
import type { Receiver } from "../helpers/receiver.ts";

// One that was killed keeps its lease in Postgres for some seconds, and the next waits for it.
setDefaultTimeout(isShared ? 300_000 : 60_000);

const MB = 1000 * 1000;
const MP3 = Buffer.alloc(3 * MB, "recording ");
const HOUR = 3600;
const TOKEN = "0123456789abcdef0123456789abcdef";
const isRoot = process.getuid?.() === 0;

let fake: FakeElevenLabs;
let receiver: Receiver;
let environment: Record<string, string>;

beforeEach(async () => {
  fake = await startFakeElevenLabs();
  environment = { ELEVENLABS_API_KEY: fake.key, ELEVENLABS_API_URL: fake.url };
  receiver = await startReceiver({ environment });
});
afterEach(async () => {
  if (existsSync(receiver.folder)) await receiver.stop();
  await fake.stop();
});

const ago = (hours: number) => Math.floor(Date.now() / 1000) - hours * HOUR;
const offer = (id: string, recording: Uint8Array | null = null, hours = 2) =>
  void fake.workspace.conversations.push(fakeConversation({ id, startedAt: ago(hours), recording }));

/** The settings of the receiver, as its operator's shell has them. */
const settings = () => ({ ...environment, ...receiver.data });
const recover = (...args: string[]) => runExecutable(["recover", ...args], settings());
const recovered = () =>
  receiver.rows<{ id: string }>(
    "SELECT conversation_id AS id FROM events WHERE source = 'recovered' ORDER BY conversation_id, type",
  );

/** What the control socket answers to a line. */
function say(line: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(receiver.control);
    socket.on("data", (bytes) => (answer += bytes.toString()));
    socket.on("close", () => resolve(answer));
    // Of too many connections, the last are closed before they have said anything.
    socket.on("error", () => resolve(answer));
    socket.write(line);
  });
}

describe("the command", () => {
  test("counts what is missing, and fetches it through the running receiver", async () => {
    offer("conv_1", MP3);
    offer("conv_2");
    fake.workspace.conversations.push(
      fakeConversation({ id: "conv_busy", startedAt: ago(2), status: "processing" }),
    );
    const day = new Date(ago(24 * 7) * 1000).toISOString().slice(0, 10);
    expect(await recover("--dry-run")).toEqual({
      status: 0,
      stdout: `ElevenLabs has 3 conversations since ${day}; 0 are here.
  missing   2 transcripts, 1 recording
  not yet   1 still being analysed
Nothing was fetched: run it without --dry-run.
`,
      stderr: "",
    });
    expect(recovered()).toEqual([]);

    const done = await recover("--since", "1d");
    expect(done.stdout).toMatch(
      /^Recovered 2 transcripts and 1 recording \(2\.9 MiB\) in [\d.]+ s\n {2}not yet {3}1 still being analysed\n$/,
    );
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(recovered().map(({ id }) => id)).toEqual(["conv_1", "conv_1", "conv_2"]);
    expect(receiver.output()).toContain("Recovered a recording from ElevenLabs conversation=conv_1");
    expect(await recover()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Nothing is missing."),
    });
  });

  test("says what could not be fetched, and exits with 1", async () => {
    offer("conv_1", MP3);
    fake.setFault(({ path }) => (path.endsWith("/audio") ? { kind: "status", status: 404 } : null));
    const { status, stdout } = await recover();
    expect(status).toBe(1);
    expect(stdout).toContain("Recovered 1 transcript and 0 recordings");
    expect(stdout).toContain("Not recovered: 1\n  conv_1  recording: no longer at ElevenLabs (404)\n");
    const { stdout: json } = await recover("--json");
    expect(JSON.parse(json)).toMatchObject({
      conversations: 1,
      failed: { count: 1, first: [{ conversation_id: "conv_1", kind: "recording" }] },
      left_out: {},
    });
  });

  test("takes agents, one conversation, and transcripts alone", async () => {
    offer("conv_1", MP3);
    offer("conv_2", MP3, 48);
    fake.workspace.conversations.push(
      fakeConversation({ id: "conv_3", startedAt: ago(2), agentId: "agent_other" }),
    );
    expect(await recover("--agent", "agent_other")).toMatchObject({ status: 0 });
    expect(recovered().map(({ id }) => id)).toEqual(["conv_3"]);
    expect(await recover("--conversation", "conv_2", "--no-recordings")).toMatchObject({ status: 0 });
    expect(recovered().map(({ id }) => id)).toEqual(["conv_2", "conv_3"]);
    expect(await recover("--since", "7d", "--until", "24h")).toMatchObject({ status: 0 });
    expect(recovered().map(({ id }) => id)).toEqual(["conv_2", "conv_2", "conv_3"]);
    expect(await recover("--conversation", "conv_9")).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("conv_9  transcript: no longer at ElevenLabs (404)"),
    });
  });

  test("refuses what it does not understand with 64, and asks nobody", async () => {
    expect(await recover("--since", "yesterday")).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("--since"),
    });
    expect(fake.requests).toEqual([]);
  });

  test("without a key says which setting is missing, and exits with 78", async () => {
    await receiver.stop({ keepFolder: true });
    receiver = await startReceiver({ folder: receiver.folder });
    expect(await recover()).toMatchObject({
      status: 78,
      stderr: expect.stringContaining("ELEVENLABS_API_KEY"),
    });
  });

  test("does the work itself if no receiver runs", async () => {
    offer("conv_1", MP3);
    await receiver.stop({ keepFolder: true });
    expect(await recover()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Recovered 1 transcript and 1 recording"),
      stderr: "",
    });
    receiver = await startReceiver({ folder: receiver.folder, environment });
    expect(recovered()).toHaveLength(2);
    expect(receiver.output()).not.toContain("ERROR");
  });

  testOfFiles("makes no database where there is none", async () => {
    await receiver.stop();
    expect(await recover()).toMatchObject({ status: 78, stderr: expect.stringContaining("no database at") });
    expect(existsSync(join(receiver.folder, "transcripts.sqlite"))).toBe(false);
  });

  test.skipIf(isShared || !isRoot)("as root becomes the owner of the data first", async () => {
    const user = 12_345;
    offer("conv_1", MP3);
    await receiver.stop({ keepFolder: true });
    const all = [
      receiver.folder,
      ...readdirSync(receiver.folder, { recursive: true, encoding: "utf8" }).map((name) =>
        join(receiver.folder, name),
      ),
    ];
    for (const path of all) chownSync(path, user, user);
    expect(await recover()).toMatchObject({ status: 0, stderr: "" });
    const files = readdirSync(receiver.folder, { recursive: true, encoding: "utf8" });
    expect(files.some((name) => name.endsWith("conv_1.mp3"))).toBe(true);
    for (const name of files) expect(statSync(join(receiver.folder, name)).uid).toBe(user);
    rmSync(receiver.folder, { recursive: true });
  });

  test("tells a version that does not know it from one that does", async () => {
    await receiver.stop({ keepFolder: true });
    const { control } = receiver;
    // As versions before this one do with a kind that they don't know.
    const old = Bun.listen({ unix: control, socket: { data: (socket) => void socket.end() } });
    expect(await recover()).toEqual({
      status: 1,
      stdout: "",
      stderr: "Not recovered: the running version does not know this: reload first\n",
    });
    old.stop(true);
    rmSync(receiver.folder, { recursive: true });
  });
});

describe("the control socket", () => {
  test("answers what it does not know, and what is no request", async () => {
    expect(JSON.parse(await say('{"kind":"fly"}\n'))).toMatchObject({ kind: "unknown" });
    expect(JSON.parse(await say('{"kind":"toString"}\n'))).toMatchObject({ kind: "unknown" });
    expect(JSON.parse(await say("17\n"))).toMatchObject({ kind: "unknown" });
    expect(JSON.parse((await say('{"kind":"recover"}\n')).trim().split("\n").at(-1) ?? "")).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("another version"),
    });
  });

  test.skipIf(!isRoot || Bun.which("setpriv") === null)(
    "obeys no other user, even if the socket lets them in",
    async () => {
      const { control } = receiver;
      for (const folder of [receiver.folder, dirname(control)]) chmodSync(folder, 0o755);
      chmodSync(control, 0o777);
      const script = `const s = require("node:net").connect(process.argv[1]);
      s.on("data", (bytes) => process.stdout.write(bytes)); s.write('{"kind":"reload"}\\n');`;
      const child = Bun.spawn(
        ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "node", "-e", script, control],
        { stdout: "pipe", stderr: "inherit" },
      );
      expect(JSON.parse(await child.stdout.text())).toEqual({
        kind: "failed",
        problem: "user 12345 may not command this receiver",
      });
      await child.exited;
    },
  );

  test("refuses a request that is too long for its kind", async () => {
    const long = JSON.stringify({ kind: "recover", agents: ["a".repeat(100_000)] });
    expect(JSON.parse(await say(`${long}\n`))).toMatchObject({
      kind: "failed",
      problem: "the request is too long",
    });
  });

  test("closes connections that ask nothing, and goes on", async () => {
    const silent = await Promise.all(Array.from({ length: 30 }, () => say("")));
    expect(new Set(silent)).toEqual(new Set([""]));
    expect(await recover()).toMatchObject({ status: 0 });
  });
});

test("the service recovers by itself, soon after its start, and says that the webhook is disabled", async () => {
  const socket = notifySocket();
  fake.workspace.webhooks.push(
    fakeWebhook({ isAutoDisabled: true, lastFailureStatus: 502, lastFailureAt: ago(3) }),
  );
  await receiver.post(transcription("conv_first"));
  await receiver.stop({ keepFolder: true });
  const aged = "UPDATE events SET received_at = received_at - 86400000";
  receiver.execute({ sqlite: aged, postgres: aged });
  offer("conv_1", MP3);
  receiver = await startReceiver({
    folder: receiver.folder,
    environment: {
      ...environment,
      RECOVER: "all",
      API_TOKEN: TOKEN,
      PUBLIC_URL: "https://hooks.example.com",
      NOTIFY_SOCKET: socket.name,
      WATCHDOG_USEC: "300000",
    },
  });
  const metric = async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await fetch(`${receiver.url}/metrics`, { headers })).text();
  };
  while (!(await metric()).includes('recovered_total{kind="recording"} 1\n')) await Bun.sleep(100);
  const metrics = await metric();
  expect(recovered()).toHaveLength(2);
  expect(metrics).toContain('elevenlabs_webhook_recovered_total{kind="transcript"} 1\n');
  expect(metrics).toContain('elevenlabs_webhook_recovery_failures_total{reason="key"} 0\n');
  await socket.until("; ElevenLabs has disabled the webhook (last failure 502, 3 h ago); ");
  expect(await metric()).toContain("elevenlabs_webhook_webhook_enabled 0\n");
});

test("a reload ends what is asked for by hand, and the successor goes on with it", async () => {
  for (let index = 0; index < 3; index += 1) offer(`conv_${index}`, MP3);
  fake.setFault(({ path }) => (path.endsWith("/audio") ? { kind: "drip", bytes: 1000, everyMs: 10 } : null));
  const asked = recover();
  while (!fake.requests.some(({ path }) => path.endsWith("/audio"))) await Bun.sleep(10);
  const reloaded = await runExecutable(["reload"], settings());
  expect(reloaded).toMatchObject({ status: 0 });
  expect(await asked).toMatchObject({ status: 1, stderr: expect.stringContaining("run it again") });
  expect(recovered()).toHaveLength(3);
  fake.setFault(null);
  expect(await recover()).toMatchObject({ status: 0 });
  expect(recovered()).toHaveLength(6);
  process.kill(Number(/process (\d+)/.exec(reloaded.stdout)?.[1]), "SIGTERM");
  await receiver.stop();
});

test("killed at every request, the next run fetches the rest, and nothing twice", async () => {
  offer("conv_1", MP3);
  offer("conv_2", null, 3);
  const asked: string[] = [];
  fake.setFault(({ number, path }) => {
    if (asked.includes(path)) return null;
    asked.push(path);
    receiver.child.kill("SIGKILL");
    return { kind: "slow", ms: 50 + number };
  });
  let status = 1;
  for (let run = 0; run < 10 && status !== 0; run += 1) {
    ({ status } = await recover());
    if (status === 0) break;
    await receiver.child.exited;
    receiver = await startReceiver({ folder: receiver.folder, environment });
  }
  expect(status).toBe(0);
  expect(asked).toEqual([
    "/v1/convai/conversations",
    "/v1/convai/conversations/conv_1",
    "/v1/convai/settings",
    "/v1/convai/conversations/conv_2",
    "/v1/convai/conversations/conv_1/audio",
  ]);
  expect(recovered().map(({ id }) => id)).toEqual(["conv_1", "conv_1", "conv_2"]);
});

test("a recording of 100 MB takes little more memory", async () => {
  offer("conv_1", Buffer.alloc(100 * MB, "recording "));
  offer("conv_2", Buffer.alloc(1 * MB, "recording "));
  expect(await recover("--conversation", "conv_2")).toMatchObject({ status: 0 });
  const before = receiver.peakMemoryBytes();
  expect(await recover("--conversation", "conv_1")).toMatchObject({ status: 0 });
  const more = (receiver.peakMemoryBytes() - before) / MB;
  console.log(`A recording of 100 MB took ${more.toFixed(1)} MB more at the peak`);
  expect(more).toBeLessThan(25);
  expect(
    receiver.rows("SELECT audio_bytes AS n FROM conversations WHERE conversation_id = 'conv_1'"),
  ).toEqual([{ n: 100 * MB }]);
});

test("the key is in no output, no process's arguments, and no file", async () => {
  offer("conv_1", MP3);
  fake.setFault(({ number }) => (number % 3 === 0 ? { kind: "status", status: 401 } : null));
  const outputs = [await recover(), await recover("--json"), await recover("--dry-run")];
  for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(fake.key);
  expect(receiver.output()).not.toContain(fake.key);
  expect(readFileSync(`/proc/${receiver.child.pid}/cmdline`, "utf8")).not.toContain(fake.key);
  for (const name of readdirSync(receiver.folder, { recursive: true, encoding: "utf8" })) {
    const path = join(receiver.folder, name);
    if (statSync(path).isFile()) expect(readFileSync(path, "latin1")).not.toContain(fake.key);
  }
});
