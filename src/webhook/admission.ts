import type { Clock } from "../platform/clock.ts";

const BODIES_MAX = 1024;
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;
/** Of the free disk above the floor, as much may be taken by bodies whose signature is not known yet. */
const UNVERIFIED_DISK_SHARE = 0.5;
/** A recording is decoded beside its body: that much more disk for each byte of the body. */
const DECODED_SHARE = 0.75;
const WAIT_MS_MAX = 5_000;
/** What was seen of the disk holds this long: a burst of small deliveries asks once. */
const DISK_LOOK_MS = 1;
/** Who waits looks again after this time, since a newcomer may have become one to be dropped. */
const LOOK_MS = 500;
/** A body younger than this is a newcomer: its rate says nothing yet. */
const NEWCOMER_MS = 1_000;

export type AdmissionRefusal = "overloaded" | "disk_low" | "shutting_down";

export type Storage = "memory" | "disk";

/** A delivery's place among those in flight. */
export type Place = {
  /** To be called as the body comes in. A refusal means that it must not go on. */
  progress: (byteCount: number, storage: Storage) => AdmissionRefusal | null;
  /** Its signature holds: it is not dropped for others any more. */
  verified: () => void;
  /** To be called exactly once. */
  leave: () => void;
};

type Entry = { startedMs: number; byteCount: number; storage: Storage; drop: () => void };

export type Admission = ReturnType<typeof createAdmission>;

/**
 * Decides whether there is room for another body, before any of it is read and while it comes in. Recordings are sent
 * once: who finds no room waits for it, and where bodies of unknown origin take too much, the slowest of them is dropped.
 */
export function createAdmission(options: {
  freeDiskBytes: () => number;
  freeDiskBytesMin: number;
  clock: Clock;
}) {
  const { freeDiskBytes, freeDiskBytesMin, clock } = options;
  const unverified = new Set<Entry>();
  const unverifiedBytes: Record<Storage, number> = { memory: 0, disk: 0 };
  const waiting = new Set<() => void>();
  let inFlight = 0;
  let isClosed = false;

  const seen = { atMs: -Infinity, spareDiskBytes: 0 };

  function spareDiskBytes(): number {
    return clock.monotonicMs() - seen.atMs < DISK_LOOK_MS ? seen.spareDiskBytes : lookAtDisk();
  }

  function lookAtDisk(): number {
    seen.spareDiskBytes = freeDiskBytes() - freeDiskBytesMin;
    seen.atMs = clock.monotonicMs();
    return seen.spareDiskBytes;
  }

  function count(entry: Entry, byteCount: number, storage: Storage): void {
    unverifiedBytes[entry.storage] -= entry.byteCount;
    unverifiedBytes[storage] += byteCount;
    Object.assign(entry, { byteCount, storage });
  }

  function isRoomLeft(): boolean {
    if (unverifiedBytes.memory > BUFFER_BYTES_MAX) return false;
    // Asked only when there is something on disk: it is a system call.
    const onDisk = unverifiedBytes.disk;
    return onDisk === 0 || onDisk <= (spareDiskBytes() + onDisk) * UNVERIFIED_DISK_SHARE;
  }

  function dropSlowest(): void {
    const nowMs = clock.monotonicMs();
    let slowest: { entry: Entry; rate: number } | null = null;
    for (const entry of unverified) {
      const ageMs = nowMs - entry.startedMs;
      const rate = entry.byteCount / ageMs;
      if (ageMs >= NEWCOMER_MS && (slowest === null || rate < slowest.rate)) slowest = { entry, rate };
    }
    slowest?.entry.drop();
  }

  /** Resolves when somebody has left, or when it is time to look again. */
  async function waitForRoom(): Promise<void> {
    const left = Promise.withResolvers<void>();
    const timer = setTimeout(left.resolve, LOOK_MS);
    waiting.add(left.resolve);
    await left.promise;
    waiting.delete(left.resolve);
    clearTimeout(timer);
  }

  function takePlace(drop: () => void): Place {
    const entry: Entry = { startedMs: clock.monotonicMs(), byteCount: 0, storage: "memory", drop };
    unverified.add(entry);
    inFlight += 1;
    const verified = (): void => {
      count(entry, 0, entry.storage);
      unverified.delete(entry);
    };
    return {
      progress(byteCount, storage) {
        count(entry, byteCount, storage);
        if (storage === "disk" && spareDiskBytes() < byteCount * DECODED_SHARE) return "disk_low";
        if (!isRoomLeft()) dropSlowest();
        return null;
      },
      verified,
      leave() {
        verified();
        inFlight -= 1;
        for (const resume of waiting) resume();
      },
    };
  }

  return {
    /** What is being received or stored now; bytes only while their signature is not known. */
    inFlight: () => ({
      deliveries: inFlight,
      memoryBytes: unverifiedBytes.memory,
      diskBytes: unverifiedBytes.disk,
    }),

    /** True where less disk is free than there must be, with so many bytes more taken. */
    isDiskLow: (neededBytes: number): boolean => lookAtDisk() < neededBytes,

    /**
     * Gives a delivery its place, where need be after a wait of up to 5 s.
     *
     * @param contentLength the bytes announced; a body sent in chunks announces none
     * @param drop called where the delivery has to make room for others; it leaves soon afterwards
     */
    async enter(contentLength: number | null, drop: () => void): Promise<Place | AdmissionRefusal> {
      const deadlineMs = clock.monotonicMs() + WAIT_MS_MAX;
      while (!isClosed && inFlight >= BODIES_MAX && clock.monotonicMs() < deadlineMs) {
        dropSlowest();
        await waitForRoom();
      }
      if (isClosed) return "shutting_down";
      if (inFlight >= BODIES_MAX) return "overloaded";
      if (spareDiskBytes() < (contentLength ?? 0) * (1 + DECODED_SHARE)) return "disk_low";
      return takePlace(drop);
    },

    /** Admits nobody any more. Resolves when the last one has left. */
    async drain(): Promise<void> {
      isClosed = true;
      for (const resume of waiting) resume();
      while (inFlight > 0) await waitForRoom();
    },

    isClosed: () => isClosed,
  };
}
