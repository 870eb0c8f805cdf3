import type { Clock } from "../../platform/clock.ts";
import { outranks } from "./holdings.ts";
import type { Holding, Holdings, Storage } from "./holdings.ts";

/** Of bodies whose signature is not known yet. */
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;
/** A recording is decoded beside its body: that much more disk for each byte of the body. */
const DECODED_SHARE = 0.75;
/** What was seen of the disk holds this long: a burst of small deliveries asks once. */
const DISK_LOOK_MS = 1;

/** Memory and disk for bodies, and who makes room if they run short. */
export function createRoom(options: {
  freeDiskBytes: () => number;
  freeDiskBytesMin: number;
  holdings: Holdings;
  clock: Clock;
}) {
  const { freeDiskBytes, freeDiskBytesMin, holdings, clock } = options;
  const seen = { atMs: -Infinity, spareDiskBytes: 0 };
  /** On disk, of bodies that have been dropped and are about to be removed. */
  let leavingDiskBytes = 0;

  function lookAtDisk(): number {
    seen.spareDiskBytes = freeDiskBytes() - freeDiskBytesMin;
    seen.atMs = clock.monotonicMs();
    return seen.spareDiskBytes;
  }

  function spareDiskBytes(): number {
    const isFresh = clock.monotonicMs() - seen.atMs < DISK_LOOK_MS;
    return leavingDiskBytes + (isFresh ? seen.spareDiskBytes : lookAtDisk());
  }

  function drop(holding: Holding): void {
    if (!holdings.remove(holding)) return;
    if (holding.storage === "disk") leavingDiskBytes += holding.byteCount;
    // In a turn of its own, as waits end (waiting-line.ts).
    setImmediate(holding.drop);
  }

  /** Drops others until the disk has so much to spare; returns false if none of them is to make room. */
  function makeDiskRoom(neededBytes: number, isToMakeRoom: (first: Holding) => boolean): boolean {
    while (spareDiskBytes() < neededBytes) {
      if (spareDiskBytes() + holdings.total("disk") < neededBytes) return false;
      const first = holdings.first("disk", clock.monotonicMs());
      if (first === null || !isToMakeRoom(first)) return false;
      drop(first);
    }
    return true;
  }

  return {
    drop,

    /** True if less disk is free than there must be, with so many bytes more taken. */
    isDiskLow: (neededBytes: number): boolean => lookAtDisk() < neededBytes,

    /** Whether the disk can take an announced body of this sender with the recording that is decoded from it. */
    hasDiskFor(sender: string, contentLength: number): boolean {
      return makeDiskRoom(contentLength * (1 + DECODED_SHARE), (first) => {
        const { isProven, amount } = holdings.claimOf(sender, "disk");
        return outranks({ isProven, amount: amount + contentLength }, holdings.claimOf(first.sender, "disk"));
      });
    },

    /** Counts what a body takes, and drops others if that is too much; returns why this one has to go instead. */
    take(holding: Holding, byteCount: number, storage: Storage): "overloaded" | "disk_low" | null {
      if (!holdings.count(holding, byteCount, storage)) return "overloaded";
      const isOther = (first: Holding) => first !== holding;
      if (storage === "disk" && !makeDiskRoom(byteCount * DECODED_SHARE, isOther)) return "disk_low";
      while (holdings.total("memory") > BUFFER_BYTES_MAX) {
        const first = holdings.first("memory", clock.monotonicMs());
        if (first === null || first === holding) return "overloaded";
        drop(first);
      }
      return null;
    },

    /** To be called once a body that was dropped has left nothing behind. */
    removed(holding: Holding): void {
      if (holding.storage !== "disk") return;
      leavingDiskBytes -= holding.byteCount;
      seen.atMs = -Infinity;
    },
  };
}
