import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRET } from "../deliveries.ts";
import { freePort } from "../ports.ts";
import { EXECUTABLE } from "../receiver.ts";

const START_MS_MAX = 30_000;

export const TOKEN = "0123456789abcdef".repeat(4);

/** The executable on a Postgres and a bucket, with a port of its own that stays the same over its starts. */
export type Instance = Awaited<ReturnType<typeof startInstance>>;

/** Starts the executable, or another version of it, and waits until it answers. */
export async function startInstance(
  settings: Record<string, string>,
  { executable = EXECUTABLE, isAwaited = true } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "instance-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let output = "";
  let child = spawn();

  function spawn() {
    const started = Bun.spawn([executable, "serve"], {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? "",
        ELEVENLABS_WEBHOOK_SECRET: SECRET,
        ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
        ELEVENLABS_WEBHOOK_PORT: String(port),
        API_TOKEN: TOKEN,
        SPOOL_PATH: join(folder, "spool"),
        ...settings,
      },
      stdout: "pipe",
      stderr: "pipe",
    });
    for (const stream of [started.stdout, started.stderr]) void collect(stream);
    return started;
  }

  async function collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true });
  }

  async function untilHealthy(): Promise<void> {
    const deadlineMs = performance.now() + START_MS_MAX;
    while (!(await isHealthy(url))) {
      if (child.exitCode !== null) throw new Error(`the receiver ended with ${child.exitCode}: ${output}`);
      if (performance.now() > deadlineMs) throw new Error(`the receiver is not healthy: ${output}`);
      await Bun.sleep(20);
    }
  }

  if (isAwaited) await untilHealthy();
  return {
    url,
    port,
    folder,
    pid: () => child.pid,
    /** Everything that it has written so far, over all its starts. */
    output: () => output,
    exited: () => child.exited,
    untilHealthy,
    /** Asks the API. */
    async ask(path: string, method = "GET"): Promise<Response> {
      return fetch(url + path, { method, headers: { authorization: `Bearer ${TOKEN}` } });
    },
    /** Sends its process a signal and does not wait. */
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    async kill(): Promise<void> {
      child.kill("SIGKILL");
      await child.exited;
    },
    /** Starts it again after its end. */
    async restart(): Promise<void> {
      child = spawn();
      await untilHealthy();
    },
    async stop(): Promise<number> {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const status = await child.exited;
      rmSync(folder, { recursive: true, force: true });
      return status;
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
