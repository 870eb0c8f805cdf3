import { Database } from "bun:sqlite";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { audio, transcription } from "./deliveries.ts";

/** The settings of data in a folder. */
export function settingsFor(data: string): Record<string, string> {
  return {
    TRANSCRIPT_STORAGE_PATH: join(data, "transcripts.sqlite"),
    AUDIO_STORAGE_PATH: join(data, "audio"),
  };
}

/** Runs `backup` or `restore` for the data in a folder. */
export async function runFor(data: string, ...args: string[]) {
  const umask = process.umask();
  try {
    return await runCommand(args, { environment: settingsFor(data), folder: tmpdir() });
  } finally {
    process.umask(umask);
  }
}

export const newFolder = () => mkdtempSync(join(tmpdir(), "backup-"));

export const TABLES = ["events", "conversations", "call_failures", "turns"];

/** The rows of a database, and every file of the data that a backup has to hold, by its path. */
export function contentOf(data: string) {
  const database = new Database(join(data, "transcripts.sqlite"), { readonly: true });
  try {
    const rows = Object.fromEntries(
      TABLES.map((table) => [table, database.query(`SELECT * FROM ${table} ORDER BY 1, 2`).all()]),
    );
    return { rows, files: new Map(["audio", "quarantine"].flatMap((kind) => filesIn(data, kind))) };
  } finally {
    database.close();
  }
}

function filesIn(data: string, kind: string): [path: string, sha256: string][] {
  return everyFile(join(data, kind))
    .filter((path) => !path.includes("/."))
    .map((path) => [path.slice(data.length), sha256(readFileSync(path))]);
}

/** The paths of all files below a folder, in order. */
export function everyFile(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .toSorted();
}

/** The paths of the recordings below a folder, in order. */
export const recordingsIn = (folder: string) => everyFile(folder).filter((path) => path.endsWith(".mp3"));

export const sha256 = (bytes: string | Uint8Array) =>
  new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** One delivery of each kind that is kept in another way. */
export function deliveriesOf(name: string): (string | Uint8Array)[] {
  return [
    transcription(`conv_${name}`),
    audio(`conv_${name}`, Buffer.from(`a recording of ${name}`)),
    audio(`conv_${name}_twice`, Buffer.from(`one of ${name}`)),
    audio(`conv_${name}_twice`, Buffer.from(`two of ${name}`)),
    audio(`${name} is no name/../..`, Buffer.from(`three of ${name}`)),
    JSON.stringify({ type: "call_initiation_failure", data: { conversation_id: `conv_${name}_failed` } }),
    `{"type": "${name}"`,
    JSON.stringify({ type: "new", name }).padEnd(1_100_000),
  ];
}
