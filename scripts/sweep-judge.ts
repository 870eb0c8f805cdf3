// Holds the data of a receiver against what it was sent: every promise that must survive a fault.
import { Database } from "bun:sqlite";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sha256 } from "../test/helpers/backups.ts";
import { deliver, erase, transcript, wordOf } from "./sweep-ledger.ts";
import type { Ledger, Sent } from "./sweep-ledger.ts";
import { startProgram } from "./sweep-program.ts";
import type { Complain, Process, Surroundings } from "./sweep-program.ts";

const SETTLE_MS_MAX = 3_000;
/** Told before the settings have been read, and so before there is a log. */
const BEFORE_LOG = /^(The configuration has faults:$| {2}|Can't start: it was started to take over)/;
const LOG_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARNING|ERROR) /;

type EventRow = { payload: Uint8Array | null; payload_path: string | null; status: string };

/** All files below a folder of the data, relative to it; none if it is not there. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true)
    .filter((name) => !basename(name).startsWith(".owner"));
}

/** Empty if it is gone by now: the index of the search is made again while this looks. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

const shaOfFile = (path: string) => (existsSync(path) ? sha256(readFileSync(path)) : null);

/** Whether an event is stored whole, not at all, or in parts. */
function stateOf(database: Database, folder: string, sent: Sent): "whole" | "absent" | string {
  const row = database
    .query<EventRow, [string]>(
      "SELECT CAST(payload AS BLOB) AS payload, payload_path, status FROM events WHERE body_sha256 = ?",
    )
    .get(sent.bodySha256);
  const bodyFile = join(folder, "quarantine", `${sent.bodySha256}.body`);
  if (row === null) return existsSync(bodyFile) ? "a quarantined body without a row" : "absent";
  if (sent.isBodyFile) {
    if (row.payload_path === null) return "a row without its body";
    return shaOfFile(join(folder, row.payload_path)) === sent.bodySha256
      ? "whole"
      : "a row whose body differs";
  }
  if (sent.recordingSha256 === null) {
    return row.payload !== null && sent.body.equals(row.payload) ? "whole" : "a payload that differs";
  }
  const conversation = database
    .query<{ audio_path: string | null; audio_sha256: string | null }, [string | null]>(
      "SELECT audio_path, audio_sha256 FROM conversations WHERE conversation_id = ?",
    )
    .get(sent.conversationId);
  if (conversation === null || conversation.audio_path === null)
    return "an audio event without its recording";
  const inFile = shaOfFile(join(folder, "audio", conversation.audio_path));
  return inFile === sent.recordingSha256 && conversation.audio_sha256 === inFile
    ? "whole"
    : "a recording that differs from its row";
}

/** Recordings and quarantined bodies are sent once: they may be kept although they were refused. */
const mayStay = (sent: Sent): boolean => sent.recordingSha256 !== null || sent.isBodyFile;

function judgeSent(database: Database, folder: string, ledger: Ledger, complain: Complain): void {
  for (const sent of ledger.sent) {
    const isErasing = sent.conversationId !== null && ledger.erasures.has(sent.conversationId);
    if (sent.outcome === "erased" || isErasing) continue;
    const state = stateOf(database, folder, sent);
    const name = `${sent.conversationId ?? "a body"} (${sent.outcome})`;
    if (sent.outcome === "acknowledged" && state !== "whole") complain(`${name} is ${state}`);
    else if (sent.outcome === "refused" && state === "whole" && !mayStay(sent))
      complain(`${name} is visible`);
    else if (state !== "whole" && state !== "absent") complain(`${name}: ${state}`);
  }
}

/** Every file has its row, and every row its file. */
function judgeFiles(database: Database, folder: string, { erasures }: Ledger, complain: Complain): void {
  const column = (sql: string) =>
    new Set(
      database
        .query(sql)
        .values()
        .map(([value]) => String(value)),
    );
  const recordings = column("SELECT audio_path FROM conversations WHERE audio_path IS NOT NULL");
  const bodies = column("SELECT payload_path FROM events WHERE payload_path IS NOT NULL");
  for (const file of filesIn(join(folder, "audio"))) {
    // Of a conversation's several recordings, its row names the last.
    const id = basename(file, ".mp3").replace(/-[0-9a-f]{12}$/, "");
    const isEarlier = [...recordings].some((path) => path !== file && basename(path).startsWith(`${id}-`));
    if (!recordings.has(file) && !isEarlier) complain(`the recording ${file} has no row`);
  }
  for (const file of filesIn(join(folder, "quarantine"))) {
    if (!bodies.has(`quarantine/${file}`)) complain(`the body ${file} has no row`);
  }
  for (const path of recordings) {
    // Of one that is being erased, the file may go before the row.
    const isErasing = [...erasures.keys()].some((conversationId) => path.includes(conversationId));
    if (!isErasing && !existsSync(join(folder, "audio", path))) complain(`${path} is gone`);
  }
  for (const path of bodies) if (!existsSync(join(folder, path))) complain(`${path} is gone`);
}

/** Nothing of it is readable in any file: no row, no name, no word. */
function judgeErased(folder: string, conversationId: string, complain: Complain): void {
  const word = wordOf(conversationId);
  for (const file of filesIn(folder)) {
    if (file.includes(conversationId)) complain(`${file} is left of the erased ${conversationId}`);
    else if (contentOf(join(folder, file)).includes(word))
      complain(`a word of the erased ${conversationId} is in ${file}`);
  }
}

function judgeLeftFiles(folder: string, pid: number, complain: Complain): void {
  for (const file of filesIn(folder)) {
    const isOwn = file.endsWith(".control") || file.endsWith(`.${pid}`);
    if (/\.tmp\b/.test(file) || dirname(file) === "spool" || (/\.control\./.test(file) && !isOwn)) {
      complain(`${file} was left`);
    }
  }
}

/** Lines that were printed past the log: without time and level. */
export function judgeOutput(output: string, complain: Complain): void {
  for (const line of output.split("\n")) {
    if (line === "" || LOG_LINE.test(line) || BEFORE_LOG.test(line)) continue;
    complain(`printed past the log: ${line}`);
  }
}

function withDatabase(folder: string, use: (database: Database) => void): void {
  const database = new Database(join(folder, "transcripts.sqlite"), { readonly: true });
  try {
    use(database);
  } finally {
    database.close();
  }
}

/** What must hold while the receiver runs on after the fault, once it has had the time to put itself in order. */
export async function judgeRunning(folder: string, ledger: Ledger, complain: Complain): Promise<void> {
  const untilMs = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const found: string[] = [];
    try {
      withDatabase(folder, (database) => judgeSent(database, folder, ledger, (text) => found.push(text)));
    } catch (error) {
      found.push(`the data can't be read: ${String(error)}`);
    }
    if (found.length === 0) return;
    if (performance.now() > untilMs) {
      for (const text of found) complain(`while it runs: ${text}`);
      return;
    }
    await Bun.sleep(50);
  }
}

/** Starts the receiver again without a fault, and holds everything against the ledger. */
export async function judgeNextStart(place: Surroundings, ledger: Ledger, complain: Complain): Promise<void> {
  const program = await startProgram(place, null);
  if (!program.isUp) {
    complain(`the next start fails: ${program.output()}`);
    await program.stop();
    return;
  }
  await judgeStarted(program, place, ledger, complain);
  const status = await program.stop();
  if (status !== 0) complain(`the stop after the next start: ${status === null ? "killed" : status}`);
  judgeOutput(program.output(), complain);
  withDatabase(place.folder, (database) => judgeFiles(database, place.folder, ledger, complain));
  judgeLeftFiles(place.folder, -1, complain);
}

async function judgeStarted(program: Process, { folder }: Surroundings, ledger: Ledger, complain: Complain) {
  const { url } = program;
  judgeLeftFiles(folder, program.child.pid, complain);
  const health = await fetch(`${url}/health`);
  if (health.status !== 200) complain(`after the next start /health says ${await health.text()}`);
  withDatabase(folder, (database) => {
    const integrity = database.query("PRAGMA integrity_check").values()[0]?.[0];
    if (integrity !== "ok") complain(`integrity_check: ${String(integrity)}`);
    judgeSent(database, folder, ledger, complain);
    judgeFiles(database, folder, ledger, complain);
  });
  // The sender may repeat what was refused or cut.
  for (const sent of ledger.sent) {
    const isErasing = sent.conversationId !== null && ledger.erasures.has(sent.conversationId);
    if (isErasing || sent.outcome === "acknowledged") continue;
    const status = await deliver(url, ledger, sent);
    if (status !== sent.status) complain(`${sent.conversationId ?? "a body"} sent again: ${status ?? "cut"}`);
  }
  const next = transcript("sweep_next");
  if ((await deliver(url, ledger, next)) !== 200) complain("the next delivery is not taken");
  for (const [conversationId, wasErased] of ledger.erasures) {
    const status = await erase(url, ledger, conversationId);
    // What was erased before is not there to be erased: 404, or 200 if it answers so.
    if (status !== 200 && status !== 404) complain(`erasing ${conversationId} again: ${status ?? "cut"}`);
    if (!wasErased && status !== 200) continue;
    const late = await deliver(url, { sent: [], erasures: new Map() }, transcript(conversationId));
    if (late !== 200) complain(`a late delivery of the erased ${conversationId}: ${late ?? "cut"}`);
    judgeErased(folder, conversationId, complain);
  }
  withDatabase(folder, (database) => judgeSent(database, folder, ledger, complain));
}
