import { shownDatabase } from "../config/data.ts";
import type { SharedData } from "../config/data.ts";
import { RemoteFault } from "../platform/faults.ts";
import { createLog } from "../platform/log.ts";
import { sentenceOf, sizeText } from "../platform/text.ts";
import { openBucket } from "../store/objects/objects.ts";
import { findRoom } from "../store/postgres/health.ts";
import { schemaVersion, SERVER_VERSION_MIN } from "../store/postgres/migrate.ts";
import { openPool } from "../store/postgres/pool.ts";
import type { Pool } from "../store/postgres/pool.ts";
import { error, ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "database";
const ANSWER_MS_MAX = 5_000;

/** What the server says of itself, of the connection, and of what is there. */
type Server = {
  number: string;
  version: string;
  isReplica: boolean;
  isReadOnly: string;
  encoding: string;
  hasLz4: boolean;
  mayCreate: boolean;
  isEncrypted: boolean;
  hasTables: boolean;
  bytes: number;
};

const SERVER = `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
  pg_is_in_recovery() AS "isReplica", current_setting('transaction_read_only') AS "isReadOnly",
  current_setting('server_encoding') AS encoding,
  EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) AS "hasLz4",
  has_schema_privilege(current_schema(), 'CREATE') AS "mayCreate",
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS "isEncrypted",
  to_regclass('schema_version') IS NOT NULL AS "hasTables", pg_database_size(current_database()) AS bytes`;

/** Tries everything that is done with the database and the bucket. Nothing of it stays. */
export async function checkShared(
  data: SharedData,
): Promise<{ results: CheckResult[]; newestReceivedAtMs: number | null }> {
  const [database, bucket] = await Promise.all([checkServer(data), checkBucketOf(data)]);
  return { ...database, results: [...database.results, ...bucket] };
}

/** The same of the database alone. */
export async function checkServer(
  data: Pick<SharedData, "databaseUrl">,
): Promise<{ results: CheckResult[]; newestReceivedAtMs: number | null }> {
  const pool = openPool({ url: data.databaseUrl, connectionsMax: 1, deadlineMs: ANSWER_MS_MAX });
  const place = shownDatabase(data.databaseUrl);
  try {
    const [server] = await pool.query<Server>(SERVER);
    const fault = server === undefined ? null : faultOf(server, place);
    if (server === undefined || fault !== null)
      return { results: fault === null ? [] : [fault], newestReceivedAtMs: null };
    const text = `${place}: Postgres ${server.version}, ${server.isEncrypted ? "encrypted" : "not encrypted"} (${sizeText(server.bytes)})`;
    if (!server.hasTables) {
      const empty = ok("schema", "not there yet: the first start makes it");
      return { results: [ok(SUBJECT, text), empty], newestReceivedAtMs: null };
    }
    const schema = await checkSchema(pool);
    await findRoom(pool);
    const [newest] = await pool.query<{ ms: number | null }>("SELECT max(received_at) AS ms FROM events");
    return { results: [ok(SUBJECT, text), schema], newestReceivedAtMs: newest?.ms ?? null };
  } catch (failure) {
    if (!(failure instanceof RemoteFault)) throw failure;
    const { what, remedy } = failure;
    return { results: [error(SUBJECT, what, sentenceOf(remedy))], newestReceivedAtMs: null };
  } finally {
    await pool.close();
  }
}

function faultOf(server: Server, place: string): CheckResult | null {
  const { version, number, isReplica, isReadOnly, encoding, hasLz4, mayCreate } = server;
  const least = Math.floor(SERVER_VERSION_MIN / 10_000);
  if (Number(number) < SERVER_VERSION_MIN)
    return error(
      SUBJECT,
      `${place} is Postgres ${version}`,
      `Upgrade the server: ${least} is the first that will do.`,
    );
  if (isReplica)
    return error(SUBJECT, `${place} is a read-only replica`, "Name the primary in DATABASE_URL.");
  if (isReadOnly === "on") {
    const remedy =
      "Let it take writes: default_transaction_read_only is on, which providers set if its disk is full.";
    return error(SUBJECT, `${place} is read-only`, remedy);
  }
  if (encoding !== "UTF8")
    return error(SUBJECT, `${place} is encoded in ${encoding}`, "Make a database with ENCODING 'UTF8'.");
  if (!hasLz4)
    return error(
      SUBJECT,
      `${place}: this server can't compress by lz4`,
      "Use one that is built with lz4, as those of all distributions are.",
    );
  if (mayCreate) return null;
  const remedy = "Make the user the owner of the database: ALTER DATABASE … OWNER TO ….";
  return error(SUBJECT, `${place}: the user may not create tables`, remedy);
}

async function checkSchema(pool: Pool): Promise<CheckResult> {
  const [row] = await pool.query<{ version: number; oldest: number }>(
    "SELECT version, oldest_writer AS oldest FROM schema_version",
  );
  const { version, oldest } = row ?? { version: 0, oldest: 0 };
  if (oldest > schemaVersion) {
    const text = `${version} is newer than this program, which knows ${schemaVersion}`;
    return error("schema", text, "Run the newer version.");
  }
  if (version > schemaVersion)
    return ok("schema", `${version}, newer than this program, which may write there all the same`);
  if (version === schemaVersion) return ok("schema", `${version}, that of this program`);
  const text = `${version} is older than this program's, ${schemaVersion}`;
  return warning("schema", text, "The next start brings it up to date.");
}

async function checkBucketOf({ objects }: SharedData): Promise<CheckResult[]> {
  const log = createLog({ level: "ERROR", format: "text", write() {} });
  const bucket = openBucket({ objects, log });
  try {
    return (await bucket.check()).map(({ level, text, remedy }) => ({
      subject: "bucket",
      level,
      text,
      remedy,
    }));
  } finally {
    bucket.close();
  }
}
