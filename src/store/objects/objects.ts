import type { ObjectsConfig } from "../../config/objects.ts";
import { bodyPath, isBodyPath } from "../../model/body.ts";
import { isRecordingPath, objectPathOf } from "../../model/recording.ts";
import type { TemporaryFile } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";
import type { BlobFacts, BlobIntake, Blobs } from "../port.ts";
import { azureDialect } from "./azure.ts";
import { checkBucket, tryBucket } from "./check.ts";
import type { BucketFinding } from "./check.ts";
import { contentOf } from "./content.ts";
import { uploadOf } from "./dialect.ts";
import type { Ask, ObjectFacts } from "./dialect.ts";
import { ObjectFault } from "./faults.ts";
import { s3Dialect } from "./s3.ts";
import { createBucketClient } from "./send.ts";
import type { Patience } from "./send.ts";
import { openInstanceSpool } from "./spool.ts";

/** How long the bucket is waited for. */
export type Waits = Record<"recording" | "body" | "other" | "probe", Patience>;

/** Recordings are sent once, bodies are sent again: the receiver's own time limits. */
const WAITS: Waits = {
  recording: { stallMsMax: 3000, msMax: 10_000 },
  body: { stallMsMax: 2000, msMax: 4500 },
  other: { stallMsMax: 3000, msMax: 10_000 },
  probe: { stallMsMax: 2000, msMax: 2000 },
};

const PAGE_COUNT = 1000;
/** An object beside the others that says whose they are. */
const MARK = ".owner";
const MARK_BYTES_MAX = 256;

type Kind = "recordings" | "bodies";

/** Of each kind: which names it gives, and how they begin. */
const kinds = {
  recordings: { isName: isRecordingPath, start: "20" },
  bodies: { isName: isBodyPath, start: bodyPath("").replace(".body", "") },
};

/** Recordings and bodies in a bucket. What throws, throws ObjectFault, or FileFault if the spool is what failed. */
export type Objects = {
  bodies: Blobs & BlobIntake;
  recordings: Blobs;
  /** null: they are not stored. */
  newRecordings: BlobIntake | null;
  /** All of a kind whose names begin with a prefix, such as that of a day, page by page. */
  pages: (kind: Kind, prefix?: string) => AsyncGenerator<ObjectFacts[]>;
  /** What the bucket says of whose it is; null if nothing. */
  readMark: () => Promise<string | null>;
  writeMark: (mark: string) => Promise<void>;
  /** Whether the bucket answers now, and can be written again if the last upload failed. @throws ObjectFault */
  probe: () => Promise<void>;
  isSpoolWritable: () => boolean;
  /** What an operator should know of the bucket: tries everything that is done with it. */
  check: () => Promise<BucketFinding[]>;
  close: () => Promise<void>;
};

type Options = { objects: ObjectsConfig; log: Log; waits?: Waits };

/** Opens the bucket and clears away what earlier instances left in the spool. Asks the bucket nothing yet. */
export async function openObjects(
  options: Options & { spoolFolder: string; storesRecordings: boolean },
): Promise<Objects> {
  const spool = await openInstanceSpool(options.spoolFolder, options.log);
  const bucket = openBucket(options);

  const intakeOf = (nameOf: (first: string, sha256: string) => string, patience: Patience): BlobIntake => ({
    create: () => spool.create(),
    async put(file, [first = ""], sha256) {
      const name = nameOf(first, sha256);
      await bucket.put(name, file, sha256, patience);
      return name;
    },
  });
  const { recording, body } = options.waits ?? WAITS;
  const newBodies = intakeOf((name) => name, body);

  return {
    bodies: { ...bucket.blobsOf("bodies"), ...newBodies },
    recordings: bucket.blobsOf("recordings"),
    newRecordings: options.storesRecordings ? intakeOf(objectPathOf, recording) : null,
    pages: bucket.pages,
    readMark: bucket.readMark,
    writeMark: bucket.writeMark,
    probe: bucket.probe,
    check: bucket.check,
    isSpoolWritable: spool.isWritable,
    async close() {
      bucket.close();
      await spool.close();
    },
  };
}

/** A bucket without a spool: reads and checks. */
export function openBucket({ objects, log, waits = WAITS }: Options) {
  const dialect = objects.kind === "s3" ? s3Dialect(objects) : azureDialect(objects);
  const { send, close } = createBucketClient(dialect, log);
  const ask = (what: Ask) => send(what, waits.other);
  const askOnce = (what: Ask) => send(what, waits.probe);
  let isPutFailing = false;

  /** A part, and what is said of the whole; null if there is no such object. */
  async function get(key: string, first: number, end: number) {
    const answer = await ask({ method: "GET", key, range: { first, last: end - 1 } });
    return answer.status === 404 ? null : answer;
  }

  async function stat(name: string): Promise<BlobFacts | null> {
    // Not HEAD, whose answer does not tell a missing object from a missing bucket.
    const answer = await get(name, 0, 1);
    if (answer === null) return null;
    const byteCount = Number(/\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1] ?? 0);
    return { byteCount, modifiedAtMs: Date.parse(answer.headers.get("last-modified") ?? "") };
  }

  async function read(name: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes } = (await get(name, start, end)) ?? {};
    if (bytes?.byteLength === end - start) return bytes;
    const what = bytes === undefined ? "is gone from" : "has another size than before in";
    throw new ObjectFault(`${name} ${what} ${dialect.place}`, "restore it", "ENOENT", false);
  }

  async function* pages(kind: Kind, prefix = ""): AsyncGenerator<ObjectFacts[]> {
    const { isName, start } = kinds[kind];
    let next: string | null = null;
    do {
      const { bytes } = await ask(dialect.list(prefix === "" ? start : prefix, next, PAGE_COUNT));
      const page: ReturnType<typeof dialect.readPage> = dialect.readPage(new TextDecoder().decode(bytes));
      yield page.objects.filter(({ name }) => isName(name));
      if (page.next === next) return;
      next = page.next;
    } while (next !== null);
  }

  async function put(name: string, file: TemporaryFile, sha256: string, patience: Patience): Promise<void> {
    const upload = { byteCount: file.byteCount, sha256, pieces: () => file.pieces() };
    try {
      await send({ method: "PUT", key: name, upload }, patience);
      isPutFailing = false;
    } catch (error) {
      isPutFailing = true;
      throw error;
    }
  }

  /** What lets itself be read may be full, or not be ours to write to. */
  async function probe(): Promise<void> {
    if (isPutFailing) await tryBucket(dialect, askOnce);
    else await askOnce(dialect.list(kinds.bodies.start, null, 1));
    isPutFailing = false;
  }

  async function check(): Promise<BucketFinding[]> {
    const findings = await checkBucket(dialect, askOnce);
    isPutFailing = findings.some(({ level }) => level === "error");
    return findings;
  }

  const blobsOf = (kind: Kind): Blobs => ({
    async open(name) {
      const facts = kinds[kind].isName(name) ? await stat(name) : null;
      return facts && contentOf(facts.byteCount, (start, end) => read(name, start, end));
    },
    stat: async (name) => (kinds[kind].isName(name) ? stat(name) : null),
    async remove(name) {
      if (kinds[kind].isName(name)) await ask({ method: "DELETE", key: name });
    },
    async list() {
      const names: string[] = [];
      for await (const page of pages(kind)) names.push(...page.map(({ name }) => name));
      return names;
    },
  });

  return {
    blobsOf,
    pages,
    put,
    async readMark() {
      const { status, bytes } = await ask({
        method: "GET",
        key: MARK,
        range: { first: 0, last: MARK_BYTES_MAX - 1 },
      });
      return status === 404 ? null : new TextDecoder().decode(bytes);
    },
    async writeMark(mark: string) {
      await ask({ method: "PUT", key: MARK, upload: uploadOf(new TextEncoder().encode(mark)) });
    },
    probe,
    check,
    close,
  };
}
