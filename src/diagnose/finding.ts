import type { BodyChange } from "./body-variants.ts";
import type { HeaderFault } from "./header.ts";
import type { SecretChange } from "./secret-variants.ts";

/** What is signed beside the body; `documented` is `<t>.<body>`. */
export type MessageForm = "documented" | "body-alone" | "no-dot" | "slack" | "seconds";

/** How the signed message differs from what was given; null if it does not. */
export type Deviation = {
  secret: SecretChange | null;
  body: BodyChange | null;
  message: Exclude<MessageForm, "documented"> | null;
};

export type Finding =
  | { kind: "header-sound"; timestamp: string }
  | { kind: "header-fault"; fault: HeaderFault }
  /** `seconds` is negative if the timestamp is ahead of the clock. */
  | { kind: "age"; seconds: number; toleranceSeconds: number; isWithin: boolean }
  /** `secret` counts from 0. */
  | { kind: "hash-matches"; secret: number }
  /** One of the other secrets that are configured makes this hash. */
  | { kind: "hash-of-other-secret"; secret: number }
  | { kind: "hash-reproduced"; deviation: Deviation }
  /** No usual cause makes this hash. */
  | {
      kind: "hash-unexplained";
      /** false if the body is too large to try all of them */
      isComplete: boolean;
      /** whether some secret has the shape of those that are known */
      isSecretUsual: boolean;
    };

/** What there is to say of one signature, in the order in which it is checked. */
export type Diagnosis = { isValid: boolean; findings: Finding[] };
