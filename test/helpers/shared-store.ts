import { S3Client } from "bun";
import { afterAll, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findAzurite, startAzurite } from "./azurite.ts";
import { startCeph } from "./ceph.ts";
import { startPostgres } from "./postgres.ts";
import type { PostgresServer } from "./postgres.ts";

/**
 * Where the receivers of a test run have their data: in files, or, with STORE=azurite or STORE=ceph, in a real Postgres and
 * that bucket. Which tests do both says `scripts/test-stores`.
 */
const store = process.env.STORE ?? "files";

export const isShared = store !== "files";

/** A test that looks at SQLite's files or at the disk of this machine: there is nothing of it to be seen with STORE. */
export const testOfFiles = test.skipIf(isShared);

const PASSWORD = "password-of-the-tests";

/** What no program may write of the settings of its data. */
export function secretsOf(settings: Record<string, string>): string[] {
  const { AUDIO_STORAGE_PATH: place = "", AWS_SECRET_ACCESS_KEY: key } = settings;
  const signature = new URLSearchParams(place.split("?")[1] ?? "").get("sig");
  return [PASSWORD, key, signature].filter((one) => typeof one === "string");
}

type Bucket = { settings: (name: string) => Promise<Record<string, string>>; stop: () => Promise<void> };

let servers: Promise<{ postgres: PostgresServer; bucket: Bucket }> | null = null;
/** By the folder of the receiver: one that is started again in it finds what it left. */
const places = new Map<string, Promise<Record<string, string>>>();

if (isShared) {
  afterAll(async () => {
    const { postgres, bucket } = (await servers) ?? {};
    await Promise.all([postgres?.end(), bucket?.stop()]);
  });
}

/** The settings of a receiver that shares its data: a database and a bucket of its own for each folder. */
export function sharedSettings(folder: string): Promise<Record<string, string>> {
  const known = places.get(folder) ?? makePlace(folder, places.size);
  places.set(folder, known);
  return known;
}

/** Does to a database what its administrator could. */
export function execute({ DATABASE_URL: url = "" }: Record<string, string>, sql: string): void {
  const command = ["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", url];
  const { stderr, success } = Bun.spawnSync(command, { stdin: Buffer.from(sql) });
  if (!success) throw new Error(stderr.toString());
}

/** An object of a receiver's bucket, as bytes. */
export async function readObject(settings: Record<string, string>, name: string): Promise<Uint8Array> {
  const { url, client, key } = objectOf(settings, name);
  return client === null ? (await fetch(url)).bytes() : client.file(key).bytes();
}

export async function writeObject(
  settings: Record<string, string>,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { url, client, key } = objectOf(settings, name);
  if (client !== null) {
    await client.file(key).write(bytes);
    return;
  }
  const { ok, status } = await fetch(url, {
    method: "PUT",
    headers: { "x-ms-blob-type": "BlockBlob" },
    body: bytes,
  });
  if (!ok) throw new Error(`azurite: ${status}`);
}

/** The names of all objects of a receiver's bucket. */
export async function listObjects(settings: Record<string, string>): Promise<string[]> {
  const { url, client, key } = objectOf(settings, "");
  if (client !== null) {
    const { contents = [] } = await client.list({ prefix: key });
    return contents.map((object) => object.key.slice(key.length));
  }
  const text = await (await fetch(`${url.replace("/?", "?")}&restype=container&comp=list`)).text();
  return [...text.matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, name = ""]) => name);
}

function objectOf(settings: Record<string, string>, name: string) {
  const { AUDIO_STORAGE_PATH: place = "" } = settings;
  if (place.startsWith("http")) return { url: place.replace("?", `/${name}?`), client: null, key: name };
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]*)\/(.*)$/.exec(place) ?? [];
  const client = new S3Client({
    endpoint: settings.AWS_ENDPOINT ?? "",
    accessKeyId: settings.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY ?? "",
    region: settings.AWS_REGION ?? "",
    bucket,
  });
  return { url: "", client, key: `${prefix}/${name}` };
}

/** Rows of a database, read by a program of its own. Takes SQL of SQLite as simple as the tests have it. */
export function rowsOf<Row>(
  { DATABASE_URL: url = "" }: Record<string, string>,
  sql: string,
  parameters: readonly (string | number)[],
): Row[] {
  let index = 0;
  const text = sql
    .replaceAll("?", () => {
      const value = parameters[index++] ?? "";
      return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
    })
    .replaceAll(
      /GLOB '([^']*)'/g,
      (_, glob) => `LIKE '${String(glob).replaceAll("_", "\\_").replaceAll("*", "%")}'`,
    )
    .replaceAll(/hex\(CAST\((\w+) AS BLOB\)\)/g, "upper(encode($1, 'hex'))");
  const query = `SELECT coalesce(json_agg(found), '[]') FROM (${text}) AS found`;
  const { stdout, stderr, success } = Bun.spawnSync(["psql", "--no-psqlrc", "-At", "-c", query, url]);
  if (!success) throw new Error(`${query}: ${stderr.toString()}`);
  // The caller's statement says what a row is.
  return JSON.parse(stdout.toString()) as Row[];
}

async function makePlace(folder: string, number: number): Promise<Record<string, string>> {
  const { postgres, bucket } = await (servers ??= startServers());
  const spool = join(folder, "spool");
  mkdirSync(folder, { recursive: true });
  const url = new URL(await postgres.createDatabase());
  // The server asks for none, and the program must show none.
  url.password = PASSWORD;
  // A bucket on this machine is not asked by way of a test's proxy.
  const NO_PROXY = "127.0.0.1";
  return {
    DATABASE_URL: url.href,
    SPOOL_PATH: spool,
    NO_PROXY,
    ...(await bucket.settings(`bucket-${number}`)),
  };
}

async function startServers() {
  const [postgres, bucket] = await Promise.all([
    startPostgres({ fsync: "off" }),
    store === "ceph" ? cephBucket() : azureContainer(),
  ]);
  return { postgres, bucket };
}

async function azureContainer(): Promise<Bucket> {
  const azurite = await startAzurite(findAzurite("the tests on shared data") ?? "");
  return {
    settings: async (name) => ({ AUDIO_STORAGE_PATH: await azurite.createContainer(name) }),
    stop: azurite.stop,
  };
}

async function cephBucket(): Promise<Bucket> {
  const ceph = await startCeph();
  return {
    async settings(name) {
      await ceph.createBucket(name);
      return ceph.settings(name);
    },
    stop: ceph.stop,
  };
}
