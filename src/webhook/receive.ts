import type { AddressList } from "../platform/address.ts";
import type { Clock } from "../platform/clock.ts";
import type { BlobIntake } from "../store/port.ts";
import type { Admission } from "./admission/admission.ts";
import { receiveBody } from "./body.ts";
import type { BodySource, Cut } from "./body.ts";
import type { Ingest } from "./ingest.ts";
import type { Outcome, RefusalCode } from "./outcome.ts";
import {
  isTimestampWithinTolerance,
  matchingSecretIndex,
  parseSignatureHeader,
  startSignature,
} from "./signature.ts";

/** A request as it arrives: nothing of it is trusted. */
type Delivery = BodySource & {
  signature: string | null;
  /** Of the sender; null if it is not known. */
  address: string | null;
};

/** Of a delivery whose signature is valid: the position of the secret, when it was signed, and where it came from. */
type Proof = { secretIndex: number; signedAtMs: number; address: string | null };

export type Receive = (delivery: Delivery) => Promise<Outcome>;

/**
 * The use case of this program: takes in one delivery, proves its signature, and ingests it before it returns. Checks
 * run cheapest first; the body is not touched before the header has passed, and not parsed before its signature.
 * The returned function rejects if storage fails: nothing is acknowledged then.
 */
export function createReceive(options: {
  /** Who may deliver. */
  allowedSources: AddressList;
  secrets: readonly string[];
  toleranceSeconds: number;
  bodyBytesMax: number;
  /** Takes the bodies that are too large for memory. */
  spool: Pick<BlobIntake, "create">;
  admission: Admission;
  ingest: Ingest;
  onVerified: (proof: Proof) => void;
  clock: Clock;
}): Receive {
  const {
    allowedSources,
    secrets,
    toleranceSeconds,
    bodyBytesMax,
    spool,
    admission,
    ingest,
    onVerified,
    clock,
  } = options;

  return async (delivery) => {
    if (!allowedSources.has(delivery.address)) return refused("source_not_allowed");
    const header = parseSignatureHeader(delivery.signature);
    if (typeof header === "string") return refused(header);

    const receivedAtMs = clock.nowMs();
    const nowSeconds = Math.floor(receivedAtMs / 1000);
    if (!isTimestampWithinTolerance({ timestamp: header.timestamp, nowSeconds, toleranceSeconds })) {
      return refused("timestamp_expired", nowSeconds - Number(header.timestamp));
    }
    if ((delivery.contentLength ?? 0) > bodyBytesMax) return refused("body_too_large");

    const cut: Cut = new AbortController();
    const { address, contentLength } = delivery;
    const slot = await admission.enter({ address, contentLength, drop: () => cut.abort("overloaded") });
    if (typeof slot === "string") return refused(slot);
    try {
      const signatures = secrets.map((secret) => startSignature(secret, header.timestamp));
      const sha256 = new Bun.CryptoHasher("sha256");
      const hashers = [...signatures, sha256];
      const body = await receiveBody(delivery, { hashers, bytesMax: bodyBytesMax, spool, clock, slot, cut });
      if (typeof body === "string") return refused(body);
      try {
        const digests = signatures.map((signature) => signature.digest());
        const secretIndex = matchingSecretIndex(header.digests, digests);
        if (secretIndex === -1) return refused("signature_mismatch");
        slot.verified();
        onVerified({ secretIndex, signedAtMs: Number(header.timestamp) * 1000, address: delivery.address });
        return await ingest({ body, bodySha256: sha256.digest("hex"), receivedAtMs });
      } finally {
        if (body.kind === "file") await body.file.discard();
      }
    } finally {
      slot.leave();
    }
  };
}

function refused(code: RefusalCode, ageSeconds: number | null = null): Outcome {
  return { kind: "refused", code, ageSeconds };
}
