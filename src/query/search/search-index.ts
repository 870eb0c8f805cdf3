import type { Database } from "bun:sqlite";
import { errorCode } from "../../platform/errors.ts";
import { atFault, faultText } from "../../platform/faults.ts";
import type { Orm } from "../../store/sqlite/database.ts";
import { withDatabase } from "../../store/sqlite/open.ts";
import { editFile, scrubSome } from "../../store/sqlite/scrub.ts";
import { createDocuments } from "./documents.ts";
import type { Documents } from "./documents.ts";
import { indexPath, isBusy, isDamaged, openIndexFile, removeIndexFile } from "./file.ts";
import { belongsTo, createIntake } from "./intake.ts";
import type { Target } from "./intake.ts";
import { clearSeparators, SeparatorError } from "./separators.ts";
import type { SeparatorPosition } from "./separators.ts";

/** While nothing arrives, the database is looked at this often. */
const IDLE_MS = 1_000;
/** In the background, indexing rests this many times as long as it has worked: longer while deliveries arrive. */
const REST_FACTOR = 1;
const REST_FACTOR_BUSY = 9;
const FAILED_MS = 30_000;

/** Pages are cleaned for this long at a time. */
const CLEAN_MS_MAX = 50;

/** How far the file has been cleaned: first what FTS5 keeps in its tables, then what SQLite keeps in its pages. */
export type CleanPosition =
  { kind: "separators"; after: SeparatorPosition } | { kind: "pages"; from: number };

/** What the thread tells its process, to be logged. */
export type Tell = (level: "info" | "warning", message: string, fields?: Record<string, string>) => void;

export type SearchIndex = ReturnType<typeof createSearchIndex>;

type Opened = { sqlite: Database; documents: Documents; intake: ReturnType<typeof createIntake> };

/**
 * The full text of all conversations, in a file of its own beside the database. All of it is derived from the events and
 * follows them: nothing is indexed while a delivery is stored. A file that is missing, damaged or of another database is
 * made again.
 */
export function createSearchIndex(options: {
  databasePath: string;
  database: { orm: Orm; sqlite: Database };
  tell: Tell;
}) {
  const { databasePath, database, tell } = options;
  const path = indexPath(databasePath);
  let opened: Opened | null = null;
  let hasFailed = false;
  let lastEventId = 0;

  function open(): Opened {
    if (opened !== null) return opened;
    const { sqlite, isNew } = openIndexFile(path, (file) => belongsTo(database, file));
    const documents = createDocuments(sqlite);
    opened = { sqlite, documents, intake: createIntake(database, sqlite, documents) };
    if (isNew && opened.intake.target().eventId > 0)
      tell("info", "The search index is being made from the events");
    return opened;
  }

  /** Works on the index. One that turns out to be damaged is thrown away, and made again by the next call. */
  function use<T>(work: (index: Opened) => T): T {
    try {
      return work(open());
    } catch (error) {
      if (!isDamaged(error)) throw error;
      tell("warning", "The search index is damaged and is being rebuilt", { error: errorCode(error) });
      discard();
      throw error;
    }
  }

  async function cleanSeparators(after: SeparatorPosition | null): Promise<SeparatorPosition | null> {
    use(() => undefined);
    try {
      const clear = (own: Database) =>
        editFile(own, path, (descriptor) => clearSeparators(own, descriptor, after));
      return (await withDatabase(path, clear)).next;
    } catch (error) {
      if (!(error instanceof SeparatorError)) throw error;
      tell("warning", "The search index can't be cleaned and is made again");
      discard();
      return null;
    }
  }

  function discard(): void {
    opened?.sqlite.close();
    opened = null;
    removeIndexFile(path);
  }

  /** Takes over some events. Returns whether there are more. */
  function step(target: Target): boolean {
    return use(({ intake }) => {
      if (!intake.isBehind(target)) return false;
      intake.takeOver();
      return intake.isBehind(target);
    });
  }

  /** Goes on for ever, a little at a time. @returns milliseconds until the next time */
  function stepInBackground(): number {
    const startedMs = performance.now();
    try {
      const target = use(({ intake }) => intake.target());
      const isArriving = target.eventId > lastEventId;
      lastEventId = target.eventId;
      const hasMore = step(target);
      hasFailed = false;
      if (!hasMore) return IDLE_MS;
      return (performance.now() - startedMs) * (isArriving ? REST_FACTOR_BUSY : REST_FACTOR);
    } catch (error) {
      if (isBusy(error)) return IDLE_MS;
      // Said once: a full disk stays full for a while. A search tries again, and reports it in the answer.
      const why = faultText(atFault(path, error));
      if (!hasFailed)
        tell("warning", `The search index can't be written: ${why}`, { error: errorCode(error) });
      hasFailed = true;
      return FAILED_MS;
    }
  }

  function goOn(): void {
    setTimeout(goOn, stepInBackground());
  }

  return {
    /** Begins to follow the events. */
    follow: goOn,

    /**
     * Takes over everything that has arrived by now, and lets others be answered meanwhile.
     *
     * @returns false if that takes longer than `msMax`
     */
    async catchUp(msMax: number): Promise<boolean> {
      const startedMs = performance.now();
      const target = use(({ intake }) => intake.target());
      while (step(target)) {
        if (performance.now() - startedMs > msMax) return false;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return true;
    },

    /** Reads documents. */
    read: <T>(work: (documents: Documents) => T): T => use(({ documents }) => work(documents)),

    /** Deletes conversations, after they have been deleted from the database. `clean` has to follow. */
    erase(conversationIds: readonly string[]): void {
      use(({ sqlite, documents, intake }) => {
        const remove = sqlite.transaction(() => {
          for (const id of conversationIds) documents.remove(id);
          intake.holdOn();
        });
        remove.immediate();
      });
    },

    /**
     * Clears some of what the file and its log still hold of deleted conversations. When it has come to the end, nothing
     * of them is left.
     *
     * @param from null at the beginning
     * @returns where to go on; null at the end
     * @throws ScrubError if another process keeps reading
     */
    async clean(from: CleanPosition | null): Promise<CleanPosition | null> {
      if (from === null || from.kind === "separators") {
        const after = await cleanSeparators(from?.after ?? null);
        return after === null ? { kind: "pages", from: 0 } : { kind: "separators", after };
      }
      use(() => undefined);
      const next = await withDatabase(path, (own) => scrubFor(own, path, from.from, CLEAN_MS_MAX));
      return next === null ? null : { kind: "pages", from: next };
    },

    close(): void {
      opened?.sqlite.close();
      opened = null;
    },
  };
}

/** Scrubs for some time. Returns the offset to go on at, null at the end. */
async function scrubFor(own: Database, path: string, from: number, msMax: number): Promise<number | null> {
  const startedMs = performance.now();
  let next: number | null = from;
  while (next !== null && performance.now() - startedMs < msMax) next = await scrubSome(own, path, next);
  return next;
}
