import { senderOf } from "../../platform/address.ts";
import type { AddressList } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { createHoldings, outranks } from "./holdings.ts";
import type { Claim, Storage } from "./holdings.ts";
import { createProof, UNKNOWN_SENDER } from "./proof.ts";
import { noteArrival } from "./recent-rate.ts";
import { createRoom } from "./room.ts";
import { createWaitingLine } from "./waiting-line.ts";

const BODIES_MAX = 1024;
/** While deliveries wait, bodies that have become slow meanwhile are looked for this often. */
const LOOK_MS = 500;
/** A younger body makes room only for a sender with a better claim. */
const NEWCOMER_MS = 1_000;

export type AdmissionRefusal = "overloaded" | "disk_low" | "shutting_down";

/** A delivery's place among those in flight. */
export type Place = {
  /** To be called before a body that can't be seen on its way: it may take so much memory. */
  announce: (byteCount: number) => AdmissionRefusal | null;
  /** To be called as the body comes in. A refusal means that it must not go on. */
  progress: (byteCount: number, storage: Storage) => AdmissionRefusal | null;
  /** Its signature holds: it is not dropped for others any more, and its sender is proven. */
  verified: () => void;
  /** To be called exactly once, when it has left nothing behind. */
  leave: () => void;
};

export type Admission = ReturnType<typeof createAdmission>;

/**
 * Decides whether there is room for another body, before any of it is read and while it comes in. Recordings are sent
 * once: a delivery that finds no room waits for it. A sender may take everything as long as nothing runs short; if
 * something does, `holdings.ts` says whose body makes room.
 */
export function createAdmission(options: {
  freeDiskBytes: () => number;
  freeDiskBytesMin: number;
  /** Their own addresses don't tell senders apart. */
  trustedProxies: AddressList;
  clock: Clock;
}) {
  const { trustedProxies, clock } = options;
  const proof = createProof({ clock });
  const holdings = createHoldings({ isProven: proof.has });
  const room = createRoom({ ...options, holdings });
  const line = createWaitingLine({ claimOf: (sender) => holdings.claimOf(sender, "places") });
  const drained = Promise.withResolvers<void>();
  let inFlight = 0;
  let isClosed = false;
  let look: ReturnType<typeof setInterval> | null = null;

  const senderNamed = (address: string | null): string =>
    address === null || trustedProxies.has(address) ? UNKNOWN_SENDER : senderOf(address);

  /** Drops a body of a sender with a worse claim, for a delivery that waits; else one that has been slow for a while. */
  function makeWay(claim: Claim): void {
    const first = holdings.first("places", clock.monotonicMs());
    if (first === null) return;
    const held = holdings.claimOf(first.sender, "places");
    if (outranks({ ...claim, amount: claim.amount + 1 }, held)) room.drop(first);
    else dropSlow(claim);
  }

  /** If the slowest is young, the others are not too slow: they are left alone. */
  function dropSlow({ isProven }: Claim): void {
    const nowMs = clock.monotonicMs();
    const slowest = holdings.first("places", nowMs);
    if (slowest === null || nowMs - slowest.startedMs < NEWCOMER_MS) return;
    if (isProven || !proof.has(slowest.sender)) room.drop(slowest);
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
    return end === "place" ? null : end;
  }

  function leave(): void {
    // The place goes on to one that waits, and with that the count stays.
    if (line.givePlace()) return;
    inFlight -= 1;
    if (isClosed && inFlight === 0) drained.resolve();
  }

  function takePlace(sender: string, drop: () => void): Place {
    const holding = holdings.add(sender, clock.monotonicMs(), drop);
    let isUnverified = true;
    return {
      announce: (byteCount) => room.take(holding, byteCount, "memory"),
      progress(byteCount, storage) {
        noteArrival(holding.arrival, byteCount, clock.monotonicMs());
        return room.take(holding, byteCount, storage);
      },
      verified() {
        proof.add(sender);
        if (holdings.remove(holding)) isUnverified = false;
      },
      leave() {
        if (isUnverified && !holdings.remove(holding)) room.removed(holding);
        leave();
      },
    };
  }

  return {
    /** What is being received or stored now; bytes only while their signature is not known. */
    inFlight: () => ({
      deliveries: inFlight,
      memoryBytes: holdings.total("memory"),
      diskBytes: holdings.total("disk"),
    }),

    isDiskLow: room.isDiskLow,

    /** Gives a delivery its place, if need be after a wait of up to 5 s. */
    async enter(delivery: {
      /** null if it is not known */
      address: string | null;
      /** The bytes announced; a body sent in chunks announces none. */
      contentLength: number | null;
      /** Called if the delivery has to make room for others; it leaves soon afterwards. */
      drop: () => void;
    }): Promise<Place | AdmissionRefusal> {
      if (isClosed) return "shutting_down";
      const sender = senderNamed(delivery.address);
      if (inFlight < BODIES_MAX) inFlight += 1;
      else {
        const refusal = await wait(sender);
        if (refusal !== null) return refusal;
      }
      let place: Place | null = null;
      try {
        const hasDisk = room.hasDiskFor(sender, delivery.contentLength ?? 0);
        if (hasDisk) place = takePlace(sender, delivery.drop);
      } finally {
        // Also if the disk does not answer.
        if (place === null) leave();
      }
      return place ?? "disk_low";
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
