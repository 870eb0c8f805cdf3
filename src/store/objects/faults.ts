import { errorCode } from "../../platform/errors.ts";
import { RemoteFault } from "../../platform/faults.ts";
import type { Dialect } from "./dialect.ts";

const AGAIN = "wait, and check its state and the network if it stays so";
const REACH = "check its address in the settings, and the network";

/**
 * What codes of S3, of Azure and of connections mean, and statuses of answers without a code. The first that fits counts;
 * KEYS and RIGHTS stand for what the kind of bucket has.
 */
const meanings: readonly (readonly [codes: RegExp, meaning: string, remedy: string])[] = [
  [
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|InvalidAuthenticationInfo)$/,
    "it refuses the key",
    "set KEYS again",
  ],
  [/^(Expired|Invalid)Token$/, "the session token has ended or is wrong", "set KEYS again"],
  [
    /^Request(TimeTooSkewed|Expired)$/,
    "the clock of this machine differs from its own",
    "set the clock (timedatectl set-ntp true)",
  ],
  [/^(NoSuchBucket|ContainerNotFound)$/, "it does not exist", "make it, or correct AUDIO_STORAGE_PATH"],
  [
    /Redirect$|^(AuthorizationHeaderMalformed|IllegalLocationConstraintException|30\d)$/,
    "it is in another region, or has another address",
    "correct AWS_REGION or AWS_ENDPOINT",
  ],
  [/Quota|StorageFull|^507$/, "it is full", "make room, or raise its quota"],
  [/^(AccessDenied|Authorization\w+|\w+Disabled|401|403)$/, "it may not be used that way", "allow RIGHTS"],
  [
    /^(BadDigest|XAmzContentSHA256Mismatch|Md5Mismatch)$/,
    "other bytes arrived than were sent",
    "check the memory of this machine and the network",
  ],
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired", "renew it"],
  [
    /CERT|^ERR_TLS|^UNABLE_TO/,
    "its certificate is not valid",
    "renew it, or name who issued it in NODE_EXTRA_CA_CERTS",
  ],
  [/^EPROTO$/, "it does not speak TLS as this machine does", REACH],
  [/^(ENOTFOUND|EAI_\w+)$/, "its host has no address", REACH],
  [/^E[A-Z]+$/, "it can't be reached", REACH],
  [/^(TimeoutError|AbortError|RequestTimeout)$/, "it does not answer in time", AGAIN],
  [/^(SlowDown|ServerBusy|429|503)$/, "it is overloaded", AGAIN],
];

const TRANSIENT = /^(BadDigest|XAmzContentSHA256Mismatch|Md5Mismatch|RequestTimeout|OperationAborted)$/;
const OF_ACCESS = /^(Auth\w+|403)$/;
const OF_CERTIFICATE = /CERT|^ERR_TLS|^UNABLE_TO/;

/** A bucket that refused something, or was not reached. */
export class ObjectFault extends RemoteFault {
  override readonly name = "ObjectFault";
}

/** What an answer without success means. */
export function refusal(dialect: Dialect, status: number, code: string): ObjectFault {
  const isTransient = status >= 500 || [408, 409, 429].includes(status) || TRANSIENT.test(code);
  return fault(dialect, code, isTransient);
}

/** What kept a request from being answered. */
export function unreached(dialect: Dialect, error: unknown): ObjectFault {
  // The code of a DOMException is a number.
  const code = error instanceof DOMException ? error.name : errorCode(error);
  return fault(dialect, code, !OF_CERTIFICATE.test(code), { cause: error });
}

function fault(dialect: Dialect, code: string, isTransient: boolean, options?: ErrorOptions): ObjectFault {
  const { place, settings, endsAtMs } = dialect;
  const [, meaning, remedy] = meanings.find(([codes]) => codes.test(code)) ?? [null, "it failed", AGAIN];
  const isOver = endsAtMs !== null && endsAtMs < Date.now() && OF_ACCESS.test(code);
  const what = isOver ? `its SAS ended at ${new Date(endsAtMs).toISOString()}` : meaning;
  const advice = isOver ? "set KEYS again" : remedy;
  const todo = advice.replace("KEYS", settings.keys).replace("RIGHTS", settings.rights);
  return new ObjectFault(`${place}: ${what} (${code})`, todo, code, isTransient, options);
}
