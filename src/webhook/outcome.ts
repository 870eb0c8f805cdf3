import type { QuarantineCode } from "../vendor/event.ts";
import type { BodyRefusal } from "./body.ts";
import type { SignatureRefusal } from "./signature.ts";

/** Why a delivery was turned away without anything of it being kept. */
export type RefusalCode = "source_not_allowed" | SignatureRefusal | BodyRefusal;

/** What became of a delivery. */
export type Outcome =
  /** `isRecordingDropped`: it had a recording, and recordings are not stored. */
  | { kind: "stored"; isDuplicate: boolean; isRecordingDropped: boolean; about: About }
  | { kind: "quarantined"; isDuplicate: boolean; about: About; code: QuarantineCode; reason: string }
  /** Its conversation was erased: nothing of it is kept. */
  | { kind: "erased"; about: About }
  | { kind: "refused"; code: RefusalCode; ageSeconds: number | null };

/** What may be logged of an event. */
type About = { type: string | null; conversationId: string | null; byteCount: number };
