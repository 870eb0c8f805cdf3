// Runs dist/elevenlabs-webhook with a secret of its own, delivers a sample of each main event through the real socket
// and prints what arrived where. Then it goes on running until it is stopped.
import { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadConfig } from "../src/config.ts";

const START_MS_MAX = 10_000;
const root = join(import.meta.dir, "..");
const executable = join(root, "dist/elevenlabs-webhook");
const samples = ["transcription", "audio", "failure"];

const secret = `wsec_${randomBytes(32).toString("hex")}`;
const environment = { ENABLE_AUDIO_STORAGE: "true", ...process.env, ELEVENLABS_WEBHOOK_SECRET: secret };
// In a process group of its own: Ctrl-C reaches it once, by us. A second signal would mean "at once" to it.
const receiver = Bun.spawn([executable], {
  env: environment,
  stdio: ["inherit", "inherit", "inherit"],
  detached: true,
});
let signalledAtMs = Number.NEGATIVE_INFINITY;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop(signal));
await demonstrate();
process.exit(await receiver.exited);

/** Passes a signal on. Launchers above us repeat it: what comes within a second is the same one. */
function stop(signal: NodeJS.Signals): void {
  const sinceLastMs = performance.now() - signalledAtMs;
  signalledAtMs = performance.now();
  if (sinceLastMs < 1_000) return;
  receiver.kill(signal);
}

async function demonstrate(): Promise<void> {
  const readText = (path: string) => readFileSync(path, "utf8");
  const settings = loadConfig({ flags: {}, environment, folder: process.cwd(), readText, nowMs: Date.now() });
  // What is wrong with them, the receiver says itself.
  if (settings.kind === "faulty") return;
  const { port, tls, databasePath, audioFolder } = settings.config;
  const url = `${tls === null ? "http" : "https"}://127.0.0.1:${port}`;
  if (!(await isReady(url))) return;

  console.log(
    "\nNo ELEVENLABS_WEBHOOK_SECRET is set: this run uses one of its own. Delivering three sample events:\n",
  );
  for (const sample of samples) {
    await Bun.spawn([executable, "send", "--sample", sample], { env: environment, stdout: "inherit" }).exited;
  }

  const database = new Database(databasePath, { readonly: true });
  const count = (table: string) => String(database.query(`SELECT count(*) FROM ${table}`).values()[0]?.[0]);
  console.log(`\nIn ${databasePath}:`);
  for (const table of ["events", "conversations", "turns", "call_failures"]) {
    console.log(`  ${table.padEnd(14)} ${count(table)} rows`);
  }
  const recordings = database
    .query("SELECT audio_path FROM conversations WHERE audio_path IS NOT NULL")
    .values();
  database.close();
  for (const [path] of recordings) console.log(`Recording:         ${join(audioFolder ?? "", String(path))}`);
  console.log(`
Look at it:        sqlite3 -header ${databasePath} "SELECT role, message FROM turns LIMIT 5"
Documentation:     ${url}/docs
Your own webhook:  ELEVENLABS_WEBHOOK_SECRET=wsec_... scripts/start
Everything again:  stop with Ctrl-C, then remove ${dirname(databasePath)}
`);
}

async function isReady(url: string): Promise<boolean> {
  for (
    const startedMs = performance.now();
    performance.now() - startedMs < START_MS_MAX;
    await Bun.sleep(20)
  ) {
    if (receiver.exitCode !== null) return false;
    try {
      return (await fetch(`${url}/health`, { tls: { rejectUnauthorized: false } })).ok;
    } catch {
      // Not listening yet.
    }
  }
  return false;
}
