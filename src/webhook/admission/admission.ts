import type { AddressList } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { createSenders, outranks } from "./senders.ts";
import type { Claim } from "./senders.ts";
import { createUnverified } from "./unverified.ts";
import type { Storage } from "./unverified.ts";
import { createWaitingLine } from "./waiting-line.ts";

const SLOTS = 1024;
/** While deliveries wait, bodies that have become slow are looked for at this interval. */
const LOOK_MS = 500;
/** A younger body makes room only for a sender with a better claim. */
const NEWCOMER_MS = 1_000;

export type AdmissionRefusal = "overloaded" | "disk_low" | "shutting_down";

/** A delivery's admission. */
export type Slot = {
  /** To be called before a body that is read all at once, with the memory that it may take. */
  announce: (byteCount: number) => AdmissionRefusal | null;
  /** To be called as the body comes in. A refusal means that it must not go on. */
  progress: (byteCount: number, storage: Storage) => AdmissionRefusal | null;
  /** Its signature is valid: it is not dropped for others any more, and its sender is proven. */
  verified: () => void;
  /** To be called exactly once, when it has left nothing behind. */
  leave: () => void;
};

export type Admission = ReturnType<typeof createAdmission>;

/**
 * Decides whether there is room for another body, before any of it is read and while it comes in. Recordings are sent
 * once: a delivery that finds no room waits for it. A sender may take everything as long as nothing runs short; if
 * something does, `unverified.ts` says whose body makes room.
 */
export function createAdmission(options: {
  freeDiskBytes: () => number;
  freeDiskBytesMin: number;
  /** Their own addresses don't tell senders apart. */
  trustedProxies: AddressList;
  clock: Clock;
}) {
  const { clock } = options;
  const senders = createSenders(options);
  const unverified = createUnverified({ ...options, isProven: senders.isProven });
  const line = createWaitingLine({ claimOf: (sender) => unverified.claimOf(sender, "slots") });
  const drained = Promise.withResolvers<void>();
  let inFlight = 0;
  let isClosed = false;
  let look: ReturnType<typeof setInterval> | null = null;

  /** Drops a body for a delivery that waits: of a sender with a worse claim, else one that has been slow for a while. */
  function makeWay(claim: Claim): void {
    const first = unverified.first("slots");
    if (first === null) return;
    const held = unverified.claimOf(first.sender, "slots");
    if (outranks({ ...claim, amount: claim.amount + 1 }, held)) unverified.drop(first);
    else dropSlow(claim);
  }

  /** If the slowest is young, the others are not too slow: they are left alone. */
  function dropSlow({ isProven }: Claim): void {
    const slowest = unverified.first("slots");
    if (slowest === null || clock.monotonicMs() - slowest.startedMs < NEWCOMER_MS) return;
    if (isProven || !senders.isProven(slowest.sender)) unverified.drop(slowest);
  }

  function dropSlowForAll(): void {
    const claim = line.bestClaim();
    for (let count = line.size(); claim !== null && count > 0; count -= 1) dropSlow(claim);
  }

  async function wait(sender: string): Promise<AdmissionRefusal | null> {
    const claim = line.wholeClaimOf(sender);
    const waiting = line.wait(sender);
    if (waiting === "overloaded") return waiting;
    makeWay(claim);
    look ??= setInterval(dropSlowForAll, LOOK_MS);
    const end = await waiting;
    if (line.size() === 0 && look !== null) {
      clearInterval(look);
      look = null;
    }
    return end === "slot" ? null : end;
  }

  function leave(): void {
    // The slot goes on to a delivery that waits, so the count stays.
    if (line.giveSlot()) return;
    inFlight -= 1;
    if (isClosed && inFlight === 0) drained.resolve();
  }

  function takeSlot(sender: string, drop: () => void): Slot {
    const body = unverified.add(sender, drop);
    return {
      announce: (byteCount) => unverified.take(body, byteCount, "memory"),
      progress(byteCount, storage) {
        unverified.noteArrival(body, byteCount);
        return unverified.take(body, byteCount, storage);
      },
      verified() {
        senders.prove(sender);
        unverified.verified(body);
      },
      leave() {
        unverified.gone(body);
        leave();
      },
    };
  }

  return {
    /** What is being received or stored now; bytes only while their signature is not known. */
    inFlight: () => ({
      deliveries: inFlight,
      memoryBytes: unverified.total("memory"),
      diskBytes: unverified.total("disk"),
    }),

    isDiskLow: unverified.isDiskLow,

    /** Gives a delivery its slot, after a wait of up to 5 s if all are taken. */
    async enter(delivery: {
      /** null if it is not known */
      address: string | null;
      /** The bytes announced; null for a body sent in chunks. */
      contentLength: number | null;
      /** Called if the delivery has to make room for others; it leaves soon afterwards. */
      drop: () => void;
    }): Promise<Slot | AdmissionRefusal> {
      if (isClosed) return "shutting_down";
      const sender = senders.of(delivery.address);
      if (inFlight < SLOTS) inFlight += 1;
      else {
        const refusal = await wait(sender);
        if (refusal !== null) return refusal;
      }
      let slot: Slot | null = null;
      try {
        const hasDisk = unverified.hasDiskFor(sender, delivery.contentLength ?? 0);
        if (hasDisk) slot = takeSlot(sender, delivery.drop);
      } finally {
        // Also if the disk does not answer.
        if (slot === null) leave();
      }
      return slot ?? "disk_low";
    },

    /** Admits nobody any more. Resolves when the last one has left. */
    async drain(): Promise<void> {
      isClosed = true;
      line.close();
      if (inFlight > 0) await drained.promise;
    },

    isClosed: () => isClosed,
  };
}
