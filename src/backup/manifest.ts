import { Type } from "@sinclair/typebox";
import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { version } from "../platform/version.ts";
import { TemporaryFile } from "../platform/files.ts";
import { isBodyPath } from "../model/body.ts";
import { isRecordingPath } from "../model/recording.ts";
import { BackupError } from "./problem.ts";

const FORMAT = 1;
/** The longest name that a file system takes, as JSON, and some members. */
const LINE_BYTES_MAX = 8 * 1024;

const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
const Count = Type.Integer({ minimum: 0 });

const Header = Type.Object({
  kind: Type.Literal("elevenlabs-webhook backup"),
  format: Type.Integer({ minimum: 1 }),
  program: Type.String({ maxLength: 100 }),
  commit: Type.String({ maxLength: 100 }),
  schema: Type.Integer({ minimum: 1 }),
  created_at: Type.String({ maxLength: 40 }),
  events: Count,
  /** The newest event and its body: the next backup into this folder must know it. */
  last_event_id: Count,
  last_event_sha256: Type.Union([Sha256, Type.Null()]),
  database: Type.Object({ bytes: Count, sha256: Sha256 }),
});

const FileLine = Type.Object({ path: Type.String(), bytes: Count, sha256: Sha256 });
const LeftOutLine = Type.Object({
  left_out: Type.String(),
  reason: Type.Union([Type.Literal("deleted"), Type.Literal("missing"), Type.Literal("damaged")]),
});
/** The hash is that of all lines before. */
const LastLine = Type.Object({ files: Count, bytes: Count, sha256: Sha256 });

/** True for a name that a file of the data can have. No other is ever written to: a manifest may come from anybody. */
export function isDataPath(path: string): boolean {
  return path.startsWith("audio/") ? isRecordingPath(path.slice("audio/".length)) : isBodyPath(path);
}

export type Manifest = Awaited<ReturnType<typeof createManifest>>;

export type ManifestHeader = Static<typeof Header>;
export type ManifestFile = Static<typeof FileLine>;
/** A file that a row names and the backup does not have. */
export type LeftOut = Static<typeof LeftOutLine>;

/** Writes a manifest line by line into a temporary file. */
export async function createManifest(
  path: string,
  header: Omit<ManifestHeader, "kind" | "format" | "program" | "commit">,
) {
  const file = await TemporaryFile.create(path);
  const hasher = new Bun.CryptoHasher("sha256");
  let files = 0;
  let bytes = 0;

  function add(line: object): void {
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    hasher.update(text);
    file.write(text);
  }
  const { program, commit } = version;
  const first: ManifestHeader = {
    kind: "elevenlabs-webhook backup",
    format: FORMAT,
    program,
    commit,
    ...header,
  };
  add(first);

  return {
    path,
    header: first,
    addFile(line: ManifestFile): void {
      add(line);
      files += 1;
      bytes += line.bytes;
    },
    addLeftOut: (line: LeftOut) => add(line),

    /** It is complete and on disk when this returns. */
    async finish(): Promise<void> {
      add({ files, bytes, sha256: hasher.copy().digest("hex") });
      await file.sync();
    },
  };
}

/** The first line of a manifest. @throws BackupError if it is not one that this program can read */
export async function readHeader(path: string): Promise<ManifestHeader> {
  for await (const line of linesOf(path)) return parseHeader(line, path);
  throw damaged(path);
}

/**
 * Reads a manifest line by line and checks each. Use what it gives only once it has come to its end: only then the
 * manifest is known to be whole.
 *
 * @throws BackupError if it is damaged, of a newer format or not a manifest at all
 */
export async function* readManifest(path: string): AsyncGenerator<ManifestHeader | ManifestFile | LeftOut> {
  const hasher = new Bun.CryptoHasher("sha256");
  let last: Static<typeof LastLine> | null = null;
  let files = 0;
  let isFirst = true;
  for await (const line of linesOf(path)) {
    if (last !== null) throw damaged(path);
    if (isFirst) {
      isFirst = false;
      yield parseHeader(line, path);
    } else {
      const value = parseLine(line);
      if (Value.Check(LastLine, value)) last = value;
      else if (Value.Check(FileLine, value) && isDataPath(value.path)) yield value;
      else if (Value.Check(LeftOutLine, value) && isDataPath(value.left_out)) yield value;
      else throw damaged(path);
      if (Value.Check(FileLine, value)) files += 1;
    }
    if (last === null) hasher.update(`${line}\n`);
  }
  if (last === null || last.files !== files || last.sha256 !== hasher.digest("hex")) throw damaged(path);
}

function parseHeader(line: string, path: string): ManifestHeader {
  const value = parseLine(line);
  const isOurs = check(Type.Pick(Header, ["kind", "format"]), value);
  if (!isOurs) throw new BackupError(`${path} is not the manifest of a backup: name another folder`, true);
  if (value.format > FORMAT)
    throw new BackupError(`${path} was written by a newer version of this program: use that one`);
  if (!Value.Check(Header, value)) throw damaged(path);
  return value;
}

function check<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return Value.Check(schema, value);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function damaged(path: string): BackupError {
  return new BackupError(`${path} is damaged: use another backup, or another folder for a new one`);
}

/** The lines of a file; the last one without a line end, and any that is too long, is a fault. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of Bun.file(path).stream()) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if ([...lines, rest].some((line) => line.length > LINE_BYTES_MAX)) throw damaged(path);
    yield* lines;
  }
  if (rest !== "") throw damaged(path);
}
