import { shownDatabase, shownObjects } from "./data.ts";
import type { ObjectsPlace } from "./data.ts";
import { path } from "./values.ts";
import type { Parse } from "./values.ts";

// What these problems quote never holds a secret: an address with one is not quoted at all.

/** Where recordings are. */
export type RecordingsPlace = { kind: "folder"; path: string } | ObjectsPlace;

const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\])$/;
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"];

/** An address of Postgres, or null if there is none. */
export const databaseUrl: Parse<string | null> = (text) => {
  const value = text.trim();
  if (value === "") return { ok: true, value: null };
  const problem = faultOfDatabase(URL.parse(value));
  return problem === null ? { ok: true, value } : { ok: false, problem };
};

function faultOfDatabase(url: URL | null): string | null {
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol))
    return "it is not an address such as postgres://user:password@host:5432/database; in the password, % and what has a meaning in an address is written as %25, %40 (@), %2F (/)";
  if (url.hostname === "" && !url.searchParams.has("host")) return "it names no host";
  if (url.hostname.includes(",")) return "it names several hosts: name one, or a proxy in front of them";
  if (url.username === "") return "it names no user";
  if (!/^\/[^/]+$/.test(url.pathname)) return "it names no database behind the host";
  const mode = url.searchParams.get("sslmode");
  if (mode !== null && !SSL_MODES.includes(mode)) return `its sslmode is none of ${SSL_MODES.join(", ")}`;
  return null;
}

/** A folder, `s3://bucket/prefix`, or the address of a container in Azure Blob Storage with its SAS. */
export const recordingsPlace: Parse<RecordingsPlace> = (given, folder) => {
  const text = given.trim();
  if (/^s3:\/\//i.test(text)) return bucketOf(text);
  if (/^https?:\/\//i.test(text)) return containerOf(text);
  if (/^\w{2,}:\/\//.test(text))
    return {
      ok: false,
      problem: "it is neither a folder, nor s3://bucket/prefix, nor https://… of a container in Azure",
    };
  const found = path(text, folder);
  return found.ok ? { ok: true, value: { kind: "folder", path: found.value } } : found;
};

function bucketOf(text: string): ReturnType<Parse<RecordingsPlace>> {
  const [, bucket = "", prefix = ""] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(text) ?? [];
  const value = { kind: "s3" as const, bucket, prefix: prefix.replace(/\/+$/, "") };
  if (bucket !== "" && /^(?:[\w!.*'()-]+(?:\/[\w!.*'()-]+)*)?$/.test(value.prefix))
    return { ok: true, value };
  return {
    ok: false,
    problem:
      "it is not s3://bucket or s3://bucket/prefix, with a bucket of 3 to 63 of a-z, 0-9, - and .; keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  };
}

function containerOf(text: string): ReturnType<Parse<RecordingsPlace>> {
  const url = URL.parse(text);
  const isSafe = url !== null && (url.protocol === "https:" || LOOPBACK.test(url.hostname));
  if (!isSafe || url.username !== "" || !/^\/[^/]/.test(url.pathname))
    return { ok: false, problem: "it is not https://ACCOUNT.blob.core.windows.net/CONTAINER?SAS" };
  if (!url.searchParams.has("sig"))
    return {
      ok: false,
      problem: "it has no SAS behind its ?: make one for the container with the rights racwdl",
    };
  const containerUrl = (url.origin + url.pathname).replace(/\/+$/, "");
  return { ok: true, value: { kind: "azure", containerUrl, sas: url.search.slice(1) } };
}

/** What may be shown of an address of Postgres. */
export function showDatabase(value: string | null): string {
  return value === null ? "off" : shownDatabase(value);
}

/** What may be shown of where recordings are. */
export function showRecordings(value: RecordingsPlace): string {
  return value.kind === "folder" ? value.path : shownObjects(value);
}

/** What may be shown of a key. */
export function showWhetherSet(value: string): string {
  return value === "" ? "off" : "…";
}
