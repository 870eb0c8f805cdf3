import { RemoteFault } from "../../platform/faults.ts";
import { errorCode } from "../../platform/errors.ts";

/**
 * What a fault of Postgres blames:
 * - `event`: a value, which would be refused again
 * - `connection`: the server, the network or the moment; another try may do
 * - `ours`: the statement or the schema
 */
export type FaultKind = "event" | "connection" | "ours";

/** Our own deadline has passed, however silent the network is. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE";
}

/** What codes mean, from the most special one on. Of SQLSTATE the beginnings, else codes of the client. */
const meanings: readonly (readonly [codes: readonly string[], meaning: string, remedy: string])[] = [
  [
    ["28"],
    "the server refuses the user or the password",
    "correct them in DATABASE_URL, and check the server's pg_hba.conf",
  ],
  [["3D000"], "there is no such database", "create it, or correct its name in DATABASE_URL"],
  [["42501"], "the user may not do that", "make it the owner of the database, or GRANT it the right"],
  [
    ["42"],
    "the tables are not as this version expects them",
    "run one version of the program, and report this if it stays",
  ],
  [["53100"], "the server's disk is full", "make room on the server"],
  [["53300"], "the server takes no more connections", "raise max_connections, or run fewer instances"],
  [["53"], "the server is short of memory or disk", "give the server more"],
  [
    ["25006"],
    "the server is read-only: a replica, or one that its provider has limited",
    "name the primary in DATABASE_URL, and check the server's disk",
  ],
  [["55P03"], "another instance holds a lock for too long", "look for an instance that hangs"],
  [["57P03"], "the server is starting, stopping or recovering", "wait, or look into the server's log"],
  [["57"], "the server ended the query or is stopping", "look into the server's log if it stays"],
  [["22", "23", "54"], "the server refuses a value", "report this"],
  [["0A"], "the server lacks something", "use Postgres 14 or later with lz4"],
  [["58", "XX", "F0"], "the server failed", "look into the server's log and check its disk"],
  [
    ["DEADLINE", "ERR_POSTGRES_CONNECTION_TIMEOUT"],
    "the server does not answer in time",
    "check the network and the server's load",
  ],
  [
    ["ERR_POSTGRES_CONNECTION_REFUSED", "ECONNREFUSED"],
    "nothing listens there",
    "start the server, or correct host and port in DATABASE_URL",
  ],
  [["CERT_HAS_EXPIRED"], "the server's certificate has expired", "renew it"],
  [["ERR_POSTGRES_TLS"], "the server does not speak TLS", "switch it on, or set sslmode in DATABASE_URL"],
  [
    ["DEPTH_ZERO", "SELF_SIGNED", "UNABLE_TO", "ERR_TLS", "CERT_"],
    "the server's certificate can't be verified",
    "add sslrootcert=/path/to/ca.pem to DATABASE_URL, and name the host as the certificate does",
  ],
  [
    ["ENOTFOUND", "EAI_AGAIN", "DNS"],
    "the host has no address",
    "correct it in DATABASE_URL, and check the name server",
  ],
];

const unreachable = [
  "the connection was lost or refused",
  "check that the server runs and can be reached",
] as const;

/** SQLSTATE has five characters; what else has a code comes from the client. */
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** A fault of Postgres: its text names host and database, the fault and the remedy, and never quotes a message. */
export class PostgresFault extends RemoteFault {
  override readonly name = "PostgresFault";
  readonly kind: FaultKind;

  /** @param where host and database, without the password */
  constructor(where: string, cause: unknown) {
    // SQLSTATE, or a code of the client.
    const code = codeOf(cause);
    const kind = kindOf(code);
    const known = meanings.find(([codes]) => codes.some((one) => code.startsWith(one)));
    const [, meaning, remedy] = known ?? [[], ...unreachable];
    super(`${where}: ${meaning} (${code})`, remedy, code, kind === "connection", { cause });
    this.kind = kind;
  }
}

function codeOf(cause: unknown): string {
  if (cause instanceof Error && "errno" in cause && SQLSTATE.test(String(cause.errno)))
    return String(cause.errno);
  return errorCode(cause);
}

function kindOf(code: string): FaultKind {
  if (!SQLSTATE.test(code)) return code === "ERR_POSTGRES_TOO_MANY_PARAMETERS" ? "ours" : "connection";
  if (/^(22|23|54)/.test(code)) return "event";
  return /^(08|40|53|57|58|XX|55P03|25006)/.test(code) ? "connection" : "ours";
}
