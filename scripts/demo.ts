// Runs dist/elevenlabs-webhook as something to play with: a secret and a token of its own, data in a folder of their own, a
// complete call that is delivered through the real socket, and commands to read it. It runs until it is stopped.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/config.ts";
import { freshIds } from "../src/samples/sample.ts";
import { findSample, sampleBody } from "../src/samples/samples.ts";

const START_MS_MAX = 10_000;
const root = join(import.meta.dir, "..");
const executable = join(root, "dist/elevenlabs-webhook");
const folder = join(process.cwd(), "data/demo");
const database = join(folder, "transcripts.sqlite");

const secret = `wsec_${randomBytes(32).toString("hex")}`;
const token = randomBytes(16).toString("hex");
const environment = {
  // A tunnel reaches it here too; others don't.
  ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
  ...process.env,
  ELEVENLABS_WEBHOOK_SECRET: secret,
  API_TOKEN: token,
  TRANSCRIPT_STORAGE_PATH: database,
  AUDIO_STORAGE_PATH: join(folder, "audio"),
  ENABLE_TRANSCRIPT_STORAGE: "true",
  ENABLE_AUDIO_STORAGE: "true",
};
mkdirSync(folder, { recursive: true, mode: 0o700 });
// In a process group of its own: Ctrl-C reaches it once, by us. A second signal would mean "at once" to it.
const receiver = Bun.spawn([executable], {
  env: environment,
  stdio: ["inherit", "inherit", "inherit"],
  detached: true,
});
let signalledAtMs = Number.NEGATIVE_INFINITY;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop(signal));
await demonstrate();
const status = await receiver.exited;
if (status === 0) console.log(`\nThe demo's data are in ${folder}: remove it to start from scratch.`);
process.exit(status);

/** Passes a signal on. Launchers above us repeat it: what comes within a second is the same one. */
function stop(signal: NodeJS.Signals): void {
  const sinceLastMs = performance.now() - signalledAtMs;
  signalledAtMs = performance.now();
  if (sinceLastMs < 1_000) return;
  receiver.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
}

async function demonstrate(): Promise<void> {
  const readText = (path: string) => readFileSync(path, "utf8");
  const settings = loadConfig({ flags: {}, environment, folder: process.cwd(), readText, nowMs: Date.now() });
  // The receiver itself reports what is wrong with them.
  if (settings.kind === "faulty") return;
  const { port, tls } = settings.config;
  const url = `${tls === null ? "http" : "https"}://127.0.0.1:${port}`;
  if (!(await isReady(url))) return;

  console.log(
    "\nNo ELEVENLABS_WEBHOOK_SECRET is set: this is a demo. It delivers one call, and one that failed:\n",
  );
  const { id, files } = await writeCall();
  for (const file of files) await send(file);
  await send("--sample", "failure");
  console.log(nextSteps(url, id, tls === null ? "curl" : "curl --insecure"));
}

/** The transcript and the recording of one call, as ElevenLabs would send them. */
async function writeCall(): Promise<{ id: string; files: string[] }> {
  const audio = (await Bun.file(join(root, "src/samples/tone.mp3")).bytes()).toBase64();
  const fresh = freshIds(Date.now(), audio);
  const files = ["transcription", "audio"].map((name) => {
    const sample = findSample(name);
    if (!sample.ok) throw new Error(sample.problem);
    const file = join(folder, `${name}.json`);
    writeFileSync(file, sampleBody(sample.value, fresh));
    return file;
  });
  return { id: fresh.conversationId, files };
}

async function send(...args: string[]): Promise<void> {
  await Bun.spawn([executable, "send", ...args], { env: environment, stdout: "inherit", stderr: "inherit" })
    .exited;
}

function nextSteps(url: string, id: string, curl: string): string {
  const read = `${curl} -H 'Authorization: Bearer ${token}'`;
  return `
Secret:  ${secret}
Token:   ${token}
Data:    ${folder}
Page:    ${url}/docs

Read the call in another terminal: as text, its recording, everything, and by a word that was said:
  ${read} '${url}/conversations/${id}/transcript'
  ${read} '${url}/conversations/${id}/audio' -o call.mp3
  ${read} '${url}/conversations/${id}'
  ${read} '${url}/conversations?q=bicycle'

With SQL:
  sqlite3 -readonly -header '${database}' 'SELECT role, message FROM turns'

Deliver another call:
  ELEVENLABS_WEBHOOK_SECRET=${secret} '${executable}' send --sample transcription --url ${url}/webhook

Receive your own: stop this with Ctrl-C, then
  ELEVENLABS_WEBHOOK_SECRET=wsec_... scripts/start
`;
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
