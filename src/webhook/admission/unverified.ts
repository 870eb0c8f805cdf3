import type { Clock } from "../../platform/clock.ts";
import { outranks } from "./senders.ts";
import type { Claim } from "./senders.ts";

const MEMORY_BYTES_MAX = 64 * 1024 * 1024;
/** A recording is decoded beside its body: it needs this much more disk for each byte of the body. */
const DECODED_SHARE = 0.75;
/** The free disk space that was read is used for this long: a burst of small deliveries asks once. */
const DISK_READ_MS = 1;
/** The rate of a body is that of the current window and of the one before. */
const WINDOW_MS = 1_000;

export type Storage = "memory" | "disk";

/** What these bodies share. */
type Resource = "slots" | Storage;

/** A body whose signature is not known yet. */
type UnverifiedBody = {
  readonly sender: string;
  readonly startedMs: number;
  /** Ends its intake. */
  readonly drop: () => void;
  isDropped: boolean;
  /** What it takes of memory or disk, announced or received. */
  byteCount: number;
  storage: Storage;
  arrivedBytes: number;
  lastArrivalMs: number;
  /** The starts of the window before the current one and of the current one. */
  before: Mark;
  current: Mark;
};

type Mark = { ms: number; byteCount: number };
type Held = Record<Resource, number>;
type Sender = { held: Held; bodies: Set<UnverifiedBody> };

const nothing = (): Held => ({ slots: 0, memory: 0, disk: 0 });

/**
 * Knows what each sender's bodies take of what all share, and drops bodies if memory or disk run short. First go those of
 * senders without proof, of these the ones of the sender that holds most of what is short, of its bodies the slowest.
 */
export function createUnverified(options: {
  freeDiskBytes: () => number;
  freeDiskBytesMin: number;
  isProven: (sender: string) => boolean;
  clock: Clock;
}) {
  const { freeDiskBytes, freeDiskBytesMin, isProven, clock } = options;
  const senders = new Map<string, Sender>();
  const total = nothing();
  const disk = { readAtMs: -Infinity, spareBytes: 0 };
  /** On disk, of bodies that have been dropped and are about to be removed. */
  let leavingDiskBytes = 0;

  function change(sender: Sender, resource: Resource, by: number): void {
    sender.held[resource] += by;
    total[resource] += by;
  }

  const claimOf = (sender: string, resource: Resource): Claim => ({
    isProven: isProven(sender),
    amount: senders.get(sender)?.held[resource] ?? 0,
  });

  /** The sender with the worst claim. */
  function worst(resource: Resource): Sender | null {
    let found: { sender: Sender; claim: Claim } | null = null;
    for (const [name, sender] of senders) {
      if (sender.held[resource] === 0) continue;
      const claim = claimOf(name, resource);
      if (found === null || outranks(found.claim, claim)) found = { sender, claim };
    }
    return found?.sender ?? null;
  }

  /** The body that goes first if this runs short; null if nobody takes any of it. */
  function first(resource: Resource): UnverifiedBody | null {
    const nowMs = clock.monotonicMs();
    let found: { body: UnverifiedBody; rate: number } | null = null;
    // In the order of their arrival: of two that are equally slow the older one goes.
    for (const body of worst(resource)?.bodies ?? []) {
      if (resource !== "slots" && (body.storage !== resource || body.byteCount === 0)) continue;
      const rate = recentRate(body, nowMs);
      if (found === null || rate < found.rate) found = { body, rate };
    }
    return found?.body ?? null;
  }

  /** Returns false if it was removed before. */
  function remove(body: UnverifiedBody): boolean {
    const sender = senders.get(body.sender);
    if (sender?.bodies.delete(body) !== true) return false;
    change(sender, body.storage, -body.byteCount);
    change(sender, "slots", -1);
    if (sender.bodies.size === 0) senders.delete(body.sender);
    return true;
  }

  function drop(body: UnverifiedBody): void {
    if (!remove(body)) return;
    body.isDropped = true;
    if (body.storage === "disk") leavingDiskBytes += body.byteCount;
    // In a turn of its own, as waits end (waiting-line.ts).
    setImmediate(body.drop);
  }

  function readSpareDiskBytes(): number {
    disk.spareBytes = freeDiskBytes() - freeDiskBytesMin;
    disk.readAtMs = clock.monotonicMs();
    return disk.spareBytes;
  }

  function spareDiskBytes(): number {
    const isFresh = clock.monotonicMs() - disk.readAtMs < DISK_READ_MS;
    return leavingDiskBytes + (isFresh ? disk.spareBytes : readSpareDiskBytes());
  }

  /** Drops bodies until the disk has this much to spare; returns false if none of them may be dropped. */
  function makeDiskRoom(neededBytes: number, mayDrop: (body: UnverifiedBody) => boolean): boolean {
    while (spareDiskBytes() < neededBytes) {
      if (spareDiskBytes() + total.disk < neededBytes) return false;
      const body = first("disk");
      if (body === null || !mayDrop(body)) return false;
      drop(body);
    }
    return true;
  }

  return {
    total: (resource: Resource): number => total[resource],

    claimOf,
    first,
    drop,

    /** Whether less disk is free than there must be with this many bytes more taken. */
    isDiskLow: (neededBytes: number): boolean => readSpareDiskBytes() < neededBytes,

    /** Whether the disk can take an announced body of this sender with the recording that is decoded from it. */
    hasDiskFor(sender: string, contentLength: number): boolean {
      return makeDiskRoom(contentLength * (1 + DECODED_SHARE), (body) => {
        const claim = claimOf(sender, "disk");
        return outranks({ ...claim, amount: claim.amount + contentLength }, claimOf(body.sender, "disk"));
      });
    },

    add(name: string, dropIt: () => void): UnverifiedBody {
      const nowMs = clock.monotonicMs();
      const start = { ms: nowMs, byteCount: 0 };
      const body: UnverifiedBody = {
        sender: name,
        startedMs: nowMs,
        drop: dropIt,
        isDropped: false,
        byteCount: 0,
        storage: "memory",
        arrivedBytes: 0,
        lastArrivalMs: nowMs,
        before: start,
        current: start,
      };
      const sender = senders.get(name) ?? { held: nothing(), bodies: new Set<UnverifiedBody>() };
      senders.set(name, sender);
      sender.bodies.add(body);
      change(sender, "slots", 1);
      return body;
    },

    /** Counts what a body takes, and drops others if that is too much; returns why this one has to go instead. */
    take(body: UnverifiedBody, byteCount: number, storage: Storage): "overloaded" | "disk_low" | null {
      const sender = senders.get(body.sender);
      if (sender?.bodies.has(body) !== true) return "overloaded";
      change(sender, body.storage, -body.byteCount);
      change(sender, storage, byteCount);
      body.byteCount = byteCount;
      body.storage = storage;
      const isOther = (other: UnverifiedBody) => other !== body;
      if (storage === "disk" && !makeDiskRoom(byteCount * DECODED_SHARE, isOther)) return "disk_low";
      while (total.memory > MEMORY_BYTES_MAX) {
        const other = first("memory");
        if (other === null || other === body) return "overloaded";
        drop(other);
      }
      return null;
    },

    /** Notes how much of a body has arrived, for its rate. */
    noteArrival(body: UnverifiedBody, byteCount: number): void {
      const nowMs = clock.monotonicMs();
      body.arrivedBytes = byteCount;
      body.lastArrivalMs = nowMs;
      if (nowMs - body.current.ms < WINDOW_MS) return;
      body.before = body.current;
      body.current = { ms: nowMs, byteCount };
    },

    /** Its signature is known to be valid: it can't be dropped any more. */
    verified: (body: UnverifiedBody): void => void remove(body),

    /** To be called when it has left nothing behind. */
    gone(body: UnverifiedBody): void {
      remove(body);
      if (!body.isDropped || body.storage !== "disk") return;
      leavingDiskBytes -= body.byteCount;
      disk.readAtMs = -Infinity;
    },
  };
}

/**
 * Bytes per millisecond over the last one or two seconds. What came earlier does not count: otherwise a sender could send
 * much at first and rest on it.
 */
function recentRate({ arrivedBytes, lastArrivalMs, before }: UnverifiedBody, nowMs: number): number {
  if (nowMs - lastArrivalMs >= WINDOW_MS) return 0;
  return (arrivedBytes - before.byteCount) / Math.max(1, nowMs - before.ms);
}
