import type { Config } from "../../config/config.ts";
import type { IndexEraser } from "../../erase/erase-index.ts";
import type { AnnounceErased, Destination } from "../../forward/destination.ts";
import type { Forwarding } from "../../forward/forwarding.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { FiguresReader } from "../../query/figures.ts";
import type { Queries } from "../../query/port.ts";
import type { Store } from "../../store/port.ts";

// What depends on where data are. SQLite does it (embedded.ts).

/** The data, open, and all that works on them. */
export type Data = {
  /** What keeps them, with its version. */
  engine: string;
  store: Store;
  queries: Queries;
  figures: FiguresReader;
  index: IndexEraser;
  announceErased: AnnounceErased;
  /** Not started yet. */
  forwarding: Forwarding;
  /** Does in the background what the data need. @param ready what it waits for @returns ends it */
  startUpkeep: (ready: Promise<unknown>) => () => void;
};

export type DataOptions = {
  config: Config;
  /** null: the file of destinations has faults, and nobody knows whom events are sent to. */
  destinations: readonly Destination[] | null;
  clock: Clock;
  log: Log;
  /** A predecessor is still at work on the same data. */
  isShared: boolean;
  /** Whether to take the folder of the recordings from another database. */
  takesOverRecordings: boolean;
};

/** `isOfConfig`: starting again would not help. */
export type Failed = { kind: "failed"; problem: string; isOfConfig?: boolean };

export type OpenedData = { kind: "open"; data: Data } | { kind: "predecessor in the way" } | Failed;
