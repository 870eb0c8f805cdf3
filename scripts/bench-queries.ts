// The work behind scripts/bench-queries.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startReceiver } from "../test/helpers/receiver.ts";
import { agentId, callerNumber, conversationId, makeConversations, searchWords } from "./queries-data.ts";
import { sendFor, transcriptRequests } from "./bench-load.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const CONVERSATIONS_USUAL = 1_000_000;
const QUESTIONS_EACH = 50;
const INGEST_ROUNDS = 5;
const INGEST_SECONDS = 4;
const INGEST_CONNECTIONS = 32;
const REQUESTS_PER_SECOND_MAX = 16_000;
const PAUSE_MS = 20;

const count = Number(process.argv[2] ?? CONVERSATIONS_USUAL);
const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), "bench-queries-"));
mkdirSync(folder, { recursive: true });
const databasePath = join(folder, "transcripts.sqlite");
if (!existsSync(databasePath)) {
  const ms = await timeOf(() => makeConversations(databasePath, count));
  console.error(`${count} conversations made in ${Math.round(ms / 1000)} s`);
}

const { common, frequent, rare } = searchWords;
const day = "since=2026-08-01T00:00:00Z&until=2026-08-02T00:00:00Z";
const numberOf = (round: number) => `number=${encodeURIComponent(callerNumber(round))}`;
/** What the page and people ask; `round` makes each different, as far as it can be. */
const questions: Record<string, (round: number) => string> = {
  "one conversation": (round) => `/conversations/${conversationId((round * 7919) % count)}`,
  "its details": (round) => `/conversations/${conversationId((round * 3571) % count)}/details`,
  "its transcript": (round) => `/conversations/${conversationId((round * 104_729) % count)}/transcript`,
  "the newest": () => "/conversations",
  "of an agent": (round) => `/conversations?agent_id=${agentId(round)}`,
  "of an agent, on a day": (round) => `/conversations?agent_id=${agentId(round)}&${day}`,
  "of a number": (round) => `/conversations?${numberOf(round)}`,
  "of a user": (round) => `/conversations?user_id=user_${round * 31}`,
  "of the last week": () => "/conversations?since=2026-10-26T00:00:00Z",
  succeeded: () => "/conversations?call_successful=success",
  failed: () => "/conversations?call_successful=failure",
  undecided: () => "/conversations?call_successful=unknown",
  "that ended in an error": () => "/conversations?status=failed",
  inbound: () => "/conversations?direction=inbound",
  outbound: () => "/conversations?direction=outbound",
  "with a recording": () => "/conversations?has_recording=true",
  "without a recording": () => "/conversations?has_recording=false",
  "whose recording is missing": () => "/conversations?recording_missing=true",
  "on a voicemail": () => "/conversations?voicemail=true",
  "failed, longer than 5 min": () => "/conversations?call_successful=failure&min_duration_secs=300",
  "failed, of an agent, recording missing": (round) =>
    `/conversations?call_successful=failure&agent_id=${agentId(round)}&recording_missing=true`,
  "search: a word that nearly all have": () => `/conversations?q=${common}`,
  "search: a frequent word": () => `/conversations?q=${frequent}`,
  "search: a rare word": () => `/conversations?q=${rare}`,
  "search: a word that nobody said": () => "/conversations?q=zeppelin",
  "search: two words": () => `/conversations?q=${common}+${frequent}`,
  "search: a phrase": () => `/conversations?q=%22${common}+${frequent}%22`,
  "search: a beginning": () => `/conversations?q=${rare.slice(0, 3)}*`,
  "search: a word that nearly all have, of a number": (round) =>
    `/conversations?q=${common}&${numberOf(round)}`,
  "search: a frequent word, on a day": () => `/conversations?q=${frequent}&${day}`,
  "search: a rare word, recording missing": () => `/conversations?q=${rare}&recording_missing=true`,
  "agents of 30 days": () => "/agents?since=2026-10-03T00:00:00Z",
  "calls of 30 days": () => "/stats?since=2026-10-04T00:00:00Z&until=2026-11-03T00:00:00Z&only=calls",
  "numbers of 30 days": () => "/stats?since=2026-10-04T00:00:00Z&until=2026-11-03T00:00:00Z",
  "calls of 366 days": () => "/stats?since=2025-11-02T00:00:00Z&until=2026-11-03T00:00:00Z&only=calls",
  "the state": () => "/state",
};

const receiver = await startReceiver({ folder, environment: { API_TOKEN: TOKEN, LOG_LEVEL: "WARNING" } });
try {
  const idleMb = receiver.memoryBytes() / 1e6;
  const indexMs = await timeOf(untilIndexed);
  console.log(`indexed after ${Math.round(indexMs / 1000)} s; memory ${idleMb.toFixed(0)} MB at the start`);
  console.log(
    "\n| question | median ms | p95 ms | slowest ms | answers to the first rows |\n| --- | --- | --- | --- | --- |",
  );
  for (const [name, path] of Object.entries(questions)) {
    const times: number[] = [];
    let answers = 0;
    for (let round = 0; round < QUESTIONS_EACH; round += 1) {
      times.push(await timeOf(async () => (answers = Math.max(answers, await firstRows(path(round))))));
    }
    times.sort((a, b) => a - b);
    const shown = [medianOf(times), times[Math.ceil(times.length * 0.95) - 1], times.at(-1)];
    console.log(`| ${name} | ${shown.map((ms) => ms?.toFixed(1)).join(" | ")} | ${answers} |`);
  }
  console.log(`\nmemory ${(receiver.memoryBytes() / 1e6).toFixed(0)} MB after that`);
  await measureIngest();
} finally {
  await receiver.stop({ keepFolder: process.argv[3] !== undefined });
  if (process.argv[3] === undefined) rmSync(folder, { recursive: true, force: true });
}

/** Deliveries alone and beside questions, in turns. */
async function measureIngest(): Promise<void> {
  const perSecond: Record<"alone" | "asked", number[]> = { alone: [], asked: [] };
  for (let round = 0; round < INGEST_ROUNDS; round += 1) {
    for (const kind of ["alone", "asked"] as const) {
      const salt = `${kind}_${round}_${process.pid}`;
      const requests = transcriptRequests(REQUESTS_PER_SECOND_MAX * INGEST_SECONDS, salt);
      const asking = { isOn: kind === "asked" };
      const asked = askOnAndOn(asking);
      const answers = await sendFor(receiver.port, requests, INGEST_CONNECTIONS, INGEST_SECONDS);
      asking.isOn = false;
      await asked;
      perSecond[kind].push(answers.length / INGEST_SECONDS);
    }
  }
  const [alone, asked] = [medianOf(perSecond.alone), medianOf(perSecond.asked)];
  console.log(
    `\ndeliveries a second: ${alone.toFixed(0)} alone, ${asked.toFixed(0)} beside questions (${(asked / alone).toFixed(2)})`,
  );
}

async function askOnAndOn(asking: { isOn: boolean }): Promise<void> {
  const paths = Object.values(questions).filter((path) => !path(0).includes("q="));
  for (let round = 0; asking.isOn; round += 1) {
    const path = paths[round % paths.length];
    if (path !== undefined) await ask(path(round));
    await Bun.sleep(PAUSE_MS);
  }
}

async function untilIndexed(): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (;;) {
    const response = await fetch(`${receiver.url}/conversations?q=${rare}`, { headers });
    await response.text();
    if (response.status === 200) return;
  }
}

/** Asks until there are rows, as the page does: a page may be empty and have a next one. @returns the number of answers */
async function firstRows(path: string): Promise<number> {
  let next: string | null = path;
  let answers = 0;
  while (next !== null) {
    const { conversations, next_cursor: cursor } = await ask(next);
    answers += 1;
    const isDone =
      conversations === undefined || conversations.length > 0 || cursor === null || cursor === undefined;
    next = isDone ? null : `${path}&cursor=${encodeURIComponent(cursor)}`;
  }
  return answers;
}

type Listed = { conversations?: unknown[]; next_cursor?: string | null };

async function ask(path: string): Promise<Listed> {
  const response = await fetch(receiver.url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return text.startsWith("{") ? JSON.parse(text) : {};
}

async function timeOf(work: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function medianOf(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
