import type { EventRecord, StoreOutcome } from "../../model/event.ts";
import type { Log } from "../../platform/log.ts";
import { faultText } from "../../platform/faults.ts";
import { transcriptionTypes } from "../../vendor/event-type.ts";
import { PostgresFault } from "./fault.ts";
import { storable, withoutDerived } from "./fold.ts";
import type { Health } from "./health.ts";
import { isBusy, watchHolder } from "./lock-holder.ts";
import type { Pool } from "./pool.ts";
import { refoldLeft } from "./refold-left.ts";
import { insertGroup } from "./rows.ts";

const GROUP_EVENTS_MAX = 256;
const MIB = 1024 * 1024;
const GROUP_BYTES_MAX = 8 * MIB;
/** After one that took too long: the network may be slow. */
const SLOW_GROUP_BYTES_MAX = MIB;
/** When a statement counts as lost, as in a network that drops everything; later for each MiB beyond three. */
const STATEMENT_MS_MAX = 3_000;
const MS_PER_MIB = 1_000;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 500;

/** How long a delivery waits for Postgres to come back: ElevenLabs repeats a transcript, and nothing else. */
const WAITS = { repeatedMs: 4_500, sentOnceMs: 10_000 };

type Waiting = {
  record: EventRecord;
  untilMs: number;
  resolve: (outcome: StoreOutcome) => void;
  reject: (error: unknown) => void;
};

export type PostgresWriter = ReturnType<typeof createWriter>;

/**
 * Writes events in groups, one group at a time: all that wait share one statement and its commit. A group never fails because
 * of one of its events. While Postgres is away its events are tried again, for as long as their senders may wait.
 */
export function createWriter(options: { pool: Pool; health: Health; log: Log; waits?: typeof WAITS }) {
  const { pool, health, log, waits = WAITS } = options;
  let waiting: Waiting[] = [];
  let isRunning = false;
  let groupCount = 0;
  let storedCount = 0;
  /** Those of whose last try nobody knows whether it was committed. */
  const repeated = new WeakSet<Waiting>();
  let holder: string | null = null;
  let groupBytesMax = GROUP_BYTES_MAX;

  async function run(): Promise<void> {
    let pauseMs = PAUSE_MS_MIN;
    while (waiting.length > 0) {
      const { fault, left } = await store(takeGroup());
      if (fault === null) {
        pauseMs = PAUSE_MS_MIN;
        groupBytesMax = Math.min(2 * groupBytesMax, GROUP_BYTES_MAX);
        continue;
      }
      if (fault.code === "DEADLINE") groupBytesMax = SLOW_GROUP_BYTES_MAX;
      giveBack(left, fault);
      if (await isHolderSeen(fault)) continue;
      health.fail(fault);
      await Bun.sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX);
    }
    isRunning = false;
  }

  function takeGroup(): Waiting[] {
    let bytes = 0;
    const after = waiting.findIndex(({ record }, index) => {
      bytes += record.payload?.byteLength ?? 0;
      return index > 0 && bytes > groupBytesMax;
    });
    return waiting.splice(0, Math.min(after === -1 ? Infinity : after, GROUP_EVENTS_MAX));
  }

  /** Stores a group. Returns those that are not settled, and the fault that another try may get over. */
  async function store(group: Waiting[]): Promise<{ fault: PostgresFault | null; left: Waiting[] }> {
    groupCount += 1;
    const mib = group.reduce((sum, { record }) => sum + (record.payload?.byteLength ?? 0), 0) / MIB;
    const beganAtMs = performance.now();
    const deadlineMs = STATEMENT_MS_MAX + MS_PER_MIB * Math.max(0, mib - 3);
    try {
      const { outcomes, overtaken } = await insertGroup(
        (text, values) => pool.query(text, values, { deadlineMs }),
        group.map(({ record }) => record),
        { areRepeated: group.some((one) => repeated.has(one)) },
      );
      health.succeed();
      holder = null;
      if (overtaken.length > 0) await foldAgain(overtaken);
      settle(group, outcomes);
      return { fault: null, left: [] };
    } catch (error) {
      if (!(error instanceof PostgresFault)) return fail(group, error);
      if (error.kind === "event") return apart(group, error);
      if (error.kind === "ours") return fail(group, error);
      for (const one of group) repeated.add(one);
      // While this process was frozen nobody could try anything: that time does not count.
      const frozenMs = Math.max(0, performance.now() - beganAtMs - deadlineMs);
      for (const one of [...group, ...waiting]) one.untilMs += frozenMs;
      return { fault: error, left: group };
    }
  }

  /** Their events are stored; what is not folded now is at the next heartbeat, of any instance. */
  async function foldAgain(conversationIds: readonly string[]): Promise<void> {
    try {
      await refoldLeft(pool, conversationIds);
    } catch (error) {
      log.warning(`Rows of conversations are brought up to date later: ${faultText(error)}`);
    }
  }

  /** One event of a group that failed together is odd: halves, until it is alone. */
  async function apart(
    group: Waiting[],
    fault: PostgresFault,
  ): Promise<{ fault: PostgresFault | null; left: Waiting[] }> {
    const [one] = group;
    if (group.length === 1 && one !== undefined) {
      if (one.record.status === "quarantined") return fail(group, fault);
      log.error("An event can't be stored as it is and is quarantined", { error: fault.code });
      one.record = withoutDerived(one.record);
      return store(group);
    }
    const half = group.length >> 1;
    const first = await store(group.slice(0, half));
    const second = await store(group.slice(half));
    return { fault: first.fault ?? second.fault, left: [...first.left, ...second.left] };
  }

  function fail(group: Waiting[], error: unknown): { fault: null; left: [] } {
    for (const { reject } of group) reject(error);
    return { fault: null, left: [] };
  }

  function settle(group: Waiting[], outcomes: readonly StoreOutcome[]): void {
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) {
        reject(new Error("an event was written without an outcome"));
        continue;
      }
      if (outcome !== "erased" && !outcome.isDuplicate) storedCount += 1;
      resolve(outcome);
    }
  }

  /** To their places in front, unless their time is over. */
  function giveBack(left: Waiting[], fault: PostgresFault): void {
    const nowMs = performance.now();
    const all = Map.groupBy([...left, ...waiting], ({ untilMs }) => (untilMs <= nowMs ? "late" : "early"));
    waiting = all.get("early") ?? [];
    for (const { reject } of all.get("late") ?? []) reject(fault);
  }

  /** Whether the lock of writes was held by another for too long, and it was looked at who that is. */
  async function isHolderSeen(fault: PostgresFault): Promise<boolean> {
    if (!isBusy(fault)) return false;
    try {
      holder = await watchHolder(pool, holder);
      return true;
    } catch {
      return false;
    }
  }

  return {
    /**
     * Resolves when the event is stored, whether its sender waits or not.
     *
     * @throws PostgresFault if that takes too long; PostgresSchemaError if this version may not write any more
     */
    async store(record: EventRecord): Promise<StoreOutcome> {
      health.requireRight();
      const isRepeated = record.source === "webhook" && transcriptionTypes.includes(record.type ?? "");
      const untilMs = performance.now() + (isRepeated ? waits.repeatedMs : waits.sentOnceMs);
      return await new Promise((resolve, reject) => {
        waiting.push({ record: storable(record), untilMs, resolve, reject });
        if (isRunning) return;
        isRunning = true;
        // What arrives in the same moment shares the group.
        setImmediate(() => void run());
      });
    },

    /** Events that wait, groups that were tried and events that were stored, the last two since the start. */
    progress: () => ({ waitingCount: waiting.length, groupCount, storedCount }),
  };
}

/** Tries again what a lost connection has kept from being done. @throws PostgresFault */
export async function persist<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + WAITS.sentOnceMs;
  for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    try {
      return await work();
    } catch (error) {
      const isOver = performance.now() + pauseMs >= untilMs;
      if (isOver || !(error instanceof PostgresFault && error.kind === "connection")) throw error;
      await Bun.sleep(pauseMs);
    }
  }
}
