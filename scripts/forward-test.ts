// The work behind scripts/forward-test. Every event that was stored must arrive at every destination at least once, with the
// right id and signature; a kill repeats at most one page; the healthy destination does not wait for the others.
import { Database } from "bun:sqlite";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forwardPath } from "../src/forward/sqlite/file.ts";
import { idOfEvent } from "../src/forward/signature.ts";
import { sign, transcription } from "../test/helpers/deliveries.ts";
import { forwardConfig, startDestination } from "../test/helpers/destination.ts";
import type { TestDestination } from "../test/helpers/destination.ts";
import { freePort } from "../test/helpers/ports.ts";
import { startReceiver } from "../test/helpers/receiver.ts";
import type { Receiver } from "../test/helpers/receiver.ts";

const CONNECTIONS = 8;
/** New events and repeats that may be under way at a kill: PAGE_EVENTS_MAX and PAGE_REPEATS_MAX of src/forward/line.ts. */
const PAGE = 64 + 32;
const LIFE_MS_MIN = 500;
const LIFE_MS_MAX = 3_000;
const SUMMARY = "x".repeat(1_000);
const TICK_MS = 500;

const eventsWanted = Number(process.argv[2] ?? 3_000);
const killsWanted = Number(process.argv[3] ?? 3);
const folder = mkdtempSync(join(tmpdir(), "forward-test-"));
const databasePath = join(folder, "transcripts.sqlite");
const refuse = (_: unknown, count: number) => new Response(null, { status: count % 2 === 0 ? 204 : 503 });
const healthy = startDestination(undefined, { keepsRequests: false });
const refusing = startDestination(refuse, { keepsRequests: false });
const downPort = await freePort();
const configured = [
  { name: "healthy", url: healthy.url },
  { name: "refusing", url: refusing.url },
  { name: "down", url: `http://127.0.0.1:${downPort}/` },
];
const environment = { FORWARD_CONFIG: forwardConfig(configured, join(folder, "forward.json")) };
let receiver = await startReceiver({ folder, environment });
let kills = 0;
let delivered = 0;
/** So many for now: the others are for the time after the one that is down has come back. */
let killsAllowed = Math.ceil(killsWanted * 0.6);

const startedMs = performance.now();
const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(0)} s`;
const killing = killAgainAndAgain();
await Promise.all(Array.from({ length: CONNECTIONS }, deliver));
console.log(`${seconds()}: ${eventsWanted} events are stored`);

await complete("healthy", healthy);
const [waiting] = inForwardFile((sqlite) =>
  sqlite
    .query<{ count: number }, []>("SELECT count(*) AS count FROM parked WHERE destination = 'down'")
    .all(),
);
console.log(
  `${seconds()}: all arrived at the healthy one; the one that is down has ${waiting?.count ?? 0} parked`,
);

killsAllowed = killsWanted;
const down = startDestination(undefined, { port: downPort, keepsRequests: false });
await Promise.all([complete("refusing", refusing), complete("down", down)]);
console.log(`${seconds()}: all arrived everywhere`);
await killing;
await Bun.sleep(1_000);
await receiver.stop({ keepFolder: true });

const expected = storedIds();
const problems = [
  ...problemsOf("healthy", healthy),
  ...problemsOf("refusing", refusing),
  ...problemsOf("down", down),
];
for (const problem of problems) console.log(problem);
console.log(`${expected.size} events, ${kills} kills, ${problems.length} problems`);
for (const { stop } of [healthy, refusing, down]) stop();
if (problems.length === 0) rmSync(folder, { recursive: true });
else console.log(`The data is kept in ${folder}`);
process.exit(problems.length === 0 ? 0 : 1);

/** Delivers one event after the other until all are acknowledged. */
async function deliver(): Promise<void> {
  while (delivered < eventsWanted) {
    delivered += 1;
    const body = transcription(`conv_${delivered}`, { analysis: { transcript_summary: SUMMARY } });
    while (!(await isAcknowledged(receiver, body))) await Bun.sleep(50);
  }
}

async function isAcknowledged({ post }: Receiver, body: string): Promise<boolean> {
  try {
    return (await post(body, sign(body))).status === 200;
  } catch {
    // Killed meanwhile: ElevenLabs would send it again.
    return false;
  }
}

async function killAgainAndAgain(): Promise<void> {
  while (kills < killsWanted) {
    await Bun.sleep(randomInt(LIFE_MS_MIN, LIFE_MS_MAX));
    if (kills >= killsAllowed) continue;
    await receiver.stop({ signal: "SIGKILL", keepFolder: true });
    kills += 1;
    receiver = await startReceiver({ folder, environment });
  }
}

/** Waits until everything that is stored has arrived, while hours pass: whatever is parked, or dead, is due. */
async function complete(name: string, destination: TestDestination): Promise<void> {
  while (destination.taken.size < eventsWanted) {
    await Bun.sleep(TICK_MS);
    if (name !== "healthy")
      inForwardFile((sqlite) =>
        sqlite.query("UPDATE parked SET due_at = 0, attempts = 1 WHERE destination = ?").run(name),
      );
  }
}

function inForwardFile<T>(work: (sqlite: Database) => T): T {
  return inDatabase(forwardPath(databasePath), work);
}

function inDatabase<T>(path: string, work: (sqlite: Database) => T): T {
  const sqlite = new Database(path);
  try {
    sqlite.run("PRAGMA busy_timeout = 5000");
    return work(sqlite);
  } finally {
    sqlite.close();
  }
}

function storedIds(): Set<string> {
  const rows = inDatabase(databasePath, (sqlite) =>
    sqlite
      .query<{ conversationId: string; bodySha256: string }, []>(
        "SELECT conversation_id AS conversationId, body_sha256 AS bodySha256 FROM events",
      )
      .all(),
  );
  return new Set(rows.map(idOfEvent));
}

function problemsOf(name: string, { taken, faults, requestCount }: TestDestination): string[] {
  const lost = [...expected].filter((id) => !taken.has(id)).length;
  const unknown = [...taken.keys()].filter((id) => !expected.has(id)).length;
  const repeated = [...taken.values()].reduce((sum, count) => sum + count - 1, 0);
  console.log(
    `${name}: ${requestCount()} requests, ${taken.size} events, ${repeated} repeated, ${lost} lost, ${faults.length} wrong signatures`,
  );
  return [
    ...(lost > 0 ? [`${name}: ${lost} events were lost`] : []),
    ...(unknown > 0 ? [`${name}: ${unknown} ids are of no event`] : []),
    ...(faults.length > 0 ? [`${name}: ${faults.length} wrong signatures, such as ${faults[0]}`] : []),
    ...(repeated > kills * PAGE ? [`${name}: ${repeated} were repeated by ${kills} kills`] : []),
  ];
}
