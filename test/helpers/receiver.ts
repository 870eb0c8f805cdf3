import { Database } from "bun:sqlite";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventFixtures, fixture, SECRET, sign } from "./deliveries.ts";
import { FAKE_KEY } from "./fake-elevenlabs/key.ts";
import { freePort } from "./ports.ts";
import { privateTexts } from "./private-texts.ts";
import {
  execute,
  isShared,
  listObjects,
  readObject,
  rowsOf,
  secretsOf,
  sharedSettings,
} from "./shared-store.ts";

/** The executable that scripts/build has made. */
export const EXECUTABLE = join(import.meta.dir, "../../dist/elevenlabs-webhook");

const START_MS_MAX = 30_000;

/** Certificates of tests are made out to other names than addresses of this machine. */
const anyCertificate = { tls: { rejectUnauthorized: false } };

/** What the webhook answers with. */
export type Answer = { status?: string; error?: string; code?: string };

/** The compiled program, running on a port and a folder of its own. */
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** Starts the executable and waits until it answers; `command` where a shell is to start it. */
export async function startReceiver(
  options: { environment?: Record<string, string>; folder?: string; command?: string[] } = {},
) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "receiver-"));
  const port = await freePort();
  const data = await dataSettings(folder);
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    ELEVENLABS_WEBHOOK_SECRET: SECRET,
    ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
    ELEVENLABS_WEBHOOK_PORT: String(port),
    ...data,
    ...options.environment,
  };
  const child = Bun.spawn(options.command ?? [EXECUTABLE, "serve"], {
    cwd: folder,
    env: environment,
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = collect(child.stdout, child.stderr);
  const url = `${"TLS_CERT_FILE" in environment ? "https" : "http"}://127.0.0.1:${port}`;
  await waitUntilHealthy(url, child, output);

  return {
    url,
    port,
    folder,
    /** The settings that say where its data are. */
    data,
    /** Where its operator's commands reach it. */
    control: `${data.TRANSCRIPT_STORAGE_PATH ?? join(data.SPOOL_PATH ?? "", "receiver")}.control`,
    child,
    /** Everything that it has written so far. */
    output: () => output.text,

    /** Delivers a body, signed now unless told, and returns status and answer. */
    async post(
      body: string | Uint8Array,
      header: string | null = sign(body),
      { keepsConnection = false } = {},
    ) {
      const headers: Record<string, string> = header === null ? {} : { "elevenlabs-signature": header };
      const response = await fetch(`${url}/webhook`, {
        method: "POST",
        headers,
        body: Buffer.from(body),
        // An idle one may be closed by a predecessor that ends in the very moment in which it is used again.
        keepalive: keepsConnection,
        ...anyCertificate,
      });
      const answer = (await response.json()) as Answer;
      return { status: response.status, headers: response.headers, answer };
    },

    /** Rows of the database, read as a user's tool would. */
    rows<Row = Record<string, unknown>>(sql: string, ...parameters: (string | number)[]): Row[] {
      if (isShared) return rowsOf<Row>(data, sql, parameters);
      const database = new Database(environment.TRANSCRIPT_STORAGE_PATH ?? "", { readonly: true });
      try {
        return database.query<Row, (string | number)[]>(sql).all(...parameters);
      } finally {
        database.close();
      }
    },

    /** Changes the database while nobody looks. */
    execute(sql: { sqlite: string; postgres: string }): void {
      if (isShared) return execute(data, sql.postgres);
      const database = new Database(environment.TRANSCRIPT_STORAGE_PATH ?? "");
      database.run(sql.sqlite);
      database.close();
    },

    /** The recording that a row names. */
    recording: (path: string): Promise<Uint8Array> =>
      isShared ? readObject(data, path) : Bun.file(join(folder, "audio", path)).bytes(),

    /** The body that a row names. */
    body: (path: string): Promise<Uint8Array> =>
      isShared ? readObject(data, path) : Bun.file(join(folder, path)).bytes(),

    /** The names of all recordings, and of what is left of unfinished ones. */
    async recordingNames(): Promise<string[]> {
      const names = isShared
        ? await listObjects(data)
        : readdirSync(join(folder, "audio"), { recursive: true, encoding: "utf8" });
      return names.filter((name) => /\.(mp3|tmp)$/.test(name));
    },

    /** The memory that it uses now, in bytes. */
    memoryBytes: () => memoryBytes(child.pid, "VmRSS"),

    /** The most memory that it has used so far, in bytes. */
    peakMemoryBytes: () => memoryBytes(child.pid, "VmHWM"),

    /** Ends it with a signal and returns its exit status; the folder goes unless it is to be kept. */
    async stop({ signal = "SIGTERM" as NodeJS.Signals, keepFolder = false } = {}): Promise<number> {
      child.kill(signal);
      const status = await child.exited;
      await output.done;
      expectNothingPrivate(output.text, secretsOf(data));
      if (!keepFolder) rmSync(folder, { recursive: true, force: true });
      return status;
    },
  };
}

/** The settings that say where the data of a receiver are whose folder this is. */
export async function dataSettings(folder: string): Promise<Record<string, string>> {
  if (isShared) return sharedSettings(folder);
  return {
    TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
    AUDIO_STORAGE_PATH: join(folder, "audio"),
  };
}

/** Runs the executable to its end, for commands that do not stay. */
export async function runExecutable(
  args: string[],
  environment: Record<string, string> = {},
  folder = tmpdir(),
) {
  const child = Bun.spawn([EXECUTABLE, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, stdout, stderr };
}

const hidden = new Set([
  SECRET.slice("wsec_".length),
  FAKE_KEY,
  ...eventFixtures().flatMap((name) => privateTexts(JSON.parse(fixture(name).toString()))),
]);
// A signature is 64 digits of hex; so is the name of a recording whose id makes no name, and of a quarantined body.
const SIGNATURE = /(?<!sha256-|quarantine\/)\b[0-9a-f]{64}\b|\bv0=/i;
const PHONE_NUMBER = /\+\d{7}/;

/** Whatever a test has sent, nothing of this is ever written. @throws where it is */
function expectNothingPrivate(text: string, secrets: readonly string[]): void {
  const found = [...hidden, ...secrets].find((one) => text.includes(one));
  const match = found ?? SIGNATURE.exec(text)?.[0] ?? PHONE_NUMBER.exec(text)?.[0];
  if (match !== undefined) throw new Error(`the receiver wrote "${match}"`);
}

function memoryBytes(pid: number, name: "VmRSS" | "VmHWM"): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((text) => text.startsWith(name));
  return Number(/(\d+) kB$/.exec(line ?? "")?.[1]) * 1024;
}

type Collected = { text: string; done: Promise<unknown> };

function collect(...streams: ReadableStream<Uint8Array>[]): Collected {
  const collected: Collected = { text: "", done: Promise.resolve() };
  collected.done = Promise.all(
    streams.map(async (stream) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) collected.text += decoder.decode(chunk, { stream: true });
    }),
  );
  return collected;
}

async function waitUntilHealthy(url: string, child: Bun.Subprocess, output: Collected): Promise<void> {
  for (
    const startedMs = performance.now();
    performance.now() - startedMs < START_MS_MAX;
    await Bun.sleep(10)
  ) {
    if (child.exitCode !== null) {
      await output.done;
      throw new Error(`the receiver ended with ${child.exitCode}: ${output.text}`);
    }
    try {
      await fetch(`${url}/health`, anyCertificate);
      return;
    } catch {
      // Not listening yet.
    }
  }
  child.kill("SIGKILL");
  throw new Error(`the receiver does not answer: ${output.text}`);
}
