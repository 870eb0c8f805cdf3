// Runs dist/elevenlabs-webhook as something to play with: a secret and a token of its own, data in a folder of their own, a
// few calls that are delivered through the real socket, the page's address, and commands to read them. It runs until it is stopped.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/config.ts";
import { signatureHeader } from "../src/sender/deliver.ts";
import { demoCallId, demoEvents } from "./demo/events.ts";

const START_MS_MAX = 10_000;
/** The certificate may be made out to any name. */
const anyCertificate = { tls: { rejectUnauthorized: false } };
const shownId = demoCallId("filling");
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

  console.log("\nNo ELEVENLABS_WEBHOOK_SECRET is set: this is a demo.");
  if (await hasCalls(url)) console.log("Its calls are those of an earlier start.");
  else await deliverCalls(url);
  console.log(nextSteps(url, tls === null ? "curl" : "curl --insecure"));
}

/** Whether an earlier start has delivered them all: this recording comes last. */
async function hasCalls(url: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/conversations/${shownId}/audio`, { headers, ...anyCertificate });
  await answer.arrayBuffer();
  return answer.ok;
}

/** A few days of two agents' calls, as ElevenLabs would have sent them. */
async function deliverCalls(url: string): Promise<void> {
  console.log("It delivers a few calls, with recordings by a speech synthesiser, and one that failed:\n");
  for (const { about, body } of demoEvents(Date.now())) {
    const content = new TextEncoder().encode(body);
    const signature = signatureHeader(secret, Math.floor(Date.now() / 1000), content);
    const headers = { "content-type": "application/json", "elevenlabs-signature": signature };
    const response = await fetch(`${url}/webhook`, {
      method: "POST",
      headers,
      body: content,
      ...anyCertificate,
    });
    console.log(`  ${response.status} ${about}`);
    await response.arrayBuffer();
  }
}

function nextSteps(url: string, curl: string): string {
  const read = `${curl} -H 'Authorization: Bearer ${token}'`;
  return `
Open ${url}/ui/ and log in with the token ${token}

API:     ${url}/docs
Secret:  ${secret}
Data:    ${folder}

Read a call in another terminal: as text, its recording, everything, and by a word that was said:
  ${read} '${url}/conversations/${shownId}/transcript'
  ${read} '${url}/conversations/${shownId}/audio' -o call.mp3
  ${read} '${url}/conversations/${shownId}'
  ${read} '${url}/conversations?q=insurance'

With SQL:
  sqlite3 -readonly -header '${database}' "SELECT role, message FROM turns WHERE conversation_id = '${shownId}'"

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
      return (await fetch(`${url}/health`, anyCertificate)).ok;
    } catch {
      // Not listening yet.
    }
  }
  return false;
}
