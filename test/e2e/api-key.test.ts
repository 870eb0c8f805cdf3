// Where the keys of ElevenLabs' API and the webhook's secrets are: in the files that were made for them, and nowhere else.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs, Fault } from "../helpers/fake-elevenlabs/server.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { stopAll } from "../helpers/reload.ts";

setDefaultTimeout(60_000);

const SERVICE_KEY = "sk_service_0123456789abcdef0123456789abcdef";
const ADMIN_KEY = "sk_admin_fedcba9876543210fedcba9876543210";
const TOKEN = "0123456789abcdef".repeat(4);
const folder = temporaryFolder();
const secretFile = join(folder, "secret");
const keyFile = join(folder, "api-key");

let fake: FakeElevenLabs;
let receiver: Receiver;
let output = "";
/** Every command line that was seen on this machine. */
const commandLines = new Set<string>();

/** The receiver's answers and figures are looked through as well. */
const environment = () => ({
  ELEVENLABS_API_URL: fake.url,
  ELEVENLABS_API_KEY_FILE: keyFile,
  ELEVENLABS_WEBHOOK_SECRET: "",
  ELEVENLABS_WEBHOOK_SECRET_FILE: secretFile,
  API_TOKEN: TOKEN,
  RECOVER: "all",
  LOG_LEVEL: "DEBUG",
});

beforeAll(async () => {
  writeFileSync(secretFile, `not-connected-${"0".repeat(64)}\n`);
  writeFileSync(keyFile, `${SERVICE_KEY}\n`);
  mkdirSync(join(folder, "data"));
  fake = await startFakeElevenLabs({
    keys: {
      [SERVICE_KEY]: ["convai_read"],
      [ADMIN_KEY]: ["convai_read", "convai_write", "webhooks_write", "admin"],
    },
    workspace: {
      conversations: Array.from({ length: 6 }, (_, index) =>
        fakeConversation({ id: `conv_${index}`, recording: Buffer.from(`recording ${index}`) }),
      ),
    },
  });
  receiver = await startReceiver({ folder: join(folder, "data"), environment: environment() });
});
afterAll(() => fake.stop());

function noteCommandLines(): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      commandLines.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    } catch {
      // It has ended.
    }
  }
}

async function run(args: string[], more: Record<string, string> = {}): Promise<number> {
  const child = Bun.spawn([EXECUTABLE, ...args], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? "",
      ...environment(),
      ...receiver.data,
      ELEVENLABS_WEBHOOK_PORT: String(receiver.port),
      ...more,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const looks = setInterval(noteCommandLines, 25);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  clearInterval(looks);
  output += stdout + stderr;
  return child.exited;
}

/** The files below the folder that hold a text. */
function filesWith(text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

test("keys and secrets are in no output, log, command line or file but their own", async () => {
  const admin = { ELEVENLABS_API_KEY: ADMIN_KEY, ELEVENLABS_API_KEY_FILE: "" };
  const address = `${receiver.url}/webhook`;
  expect(await run(["connect", address, "--dry-run"], admin)).toBe(0);
  expect(await run(["connect", address], admin)).toBe(0);
  expect(await run(["connect", "status"], admin)).toBe(0);

  // ElevenLabs itself may quote the key, or answer something else altogether.
  const quoted = `the key ${SERVICE_KEY} of ${ADMIN_KEY}`;
  const faults: Fault[] = [
    ...[401, 403, 422].map((status): Fault => ({ kind: "status", status, message: quoted })),
    { kind: "text", text: quoted },
    { kind: "text", text: JSON.stringify({ conversations: [{ conversation_id: quoted }], has_more: true }) },
    { kind: "redirect", location: `https://elsewhere.example.com/${SERVICE_KEY}` },
  ];
  for (const fault of faults) {
    fake.setFault(() => fault);
    expect(await run(["recover", "--since", "7d"])).toBe(1);
    expect(await run(["connect", "status"], admin)).toBe(1);
  }
  fake.setFault(null);
  expect(await run(["recover", "--since", "7d", "--dry-run"])).toBe(0);
  expect(await run(["recover", "--since", "7d", "--json"])).toBe(0);
  expect(receiver.rows("SELECT count(*) AS n, count(audio_path) AS recordings FROM conversations")).toEqual([
    { n: 6, recordings: 6 },
  ]);
  const faulty = { ELEVENLABS_API_KEY: "a key with spaces", ELEVENLABS_API_KEY_FILE: "" };
  expect(await run(["serve"], faulty)).toBe(78);
  await run(["check"]);
  await run(["check"], { ELEVENLABS_API_KEY: SERVICE_KEY, ELEVENLABS_API_KEY_FILE: "" });
  for (const path of ["/state", "/metrics", "/docs/json", "/events", "/health"]) {
    const answer = await fetch(receiver.url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
    output += await answer.text();
  }
  noteCommandLines();
  await stopAll(receiver, { keepFolder: true });
  output += receiver.output();

  const secrets = fake.workspace.webhooks.map(({ secret }) => secret);
  expect(secrets).toHaveLength(1);
  const shown = [output, ...commandLines];
  for (const text of [SERVICE_KEY, ADMIN_KEY, "a key with spaces", ...secrets]) {
    const around = shown.flatMap((one) => one.split("\n")).filter((line) => line.includes(text));
    expect(around).toEqual([]);
  }
  expect(filesWith(SERVICE_KEY)).toEqual([keyFile]);
  expect(filesWith(ADMIN_KEY)).toEqual([]);
  for (const secret of secrets) expect(filesWith(secret)).toEqual([secretFile]);
});
