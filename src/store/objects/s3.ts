import type { ObjectsConfig } from "../../config/objects.ts";
import type { Ask, Dialect } from "./dialect.ts";
import { EMPTY_SHA256, encode, queryOf, signHeaders } from "./signature.ts";
import { element, elements } from "./xml.ts";

/** Speaks to a bucket of Amazon S3, or of what understands the same requests. */
export function s3Dialect(config: Extract<ObjectsConfig, { kind: "s3" }>): Dialect {
  const { bucket, endpoint, region } = config;
  const prefix = config.prefix === "" ? "" : `${config.prefix}/`;
  // No certificate of Amazon's fits the host of a bucket with a dot in its name.
  const hasOwnHost = endpoint === null && !bucket.includes(".");
  const host = hasOwnHost ? `${bucket}.s3.${region}.amazonaws.com` : `s3.${region}.amazonaws.com`;
  const base = new URL(endpoint ?? `https://${host}`);
  const root = `${base.pathname.replace(/\/$/, "")}${hasOwnHost ? "" : `/${encode(bucket)}`}`;

  function pathOf(key: string | null): string {
    if (key === null) return root === "" ? "/" : root;
    return `${root}/${(prefix + key).split("/").map(encode).join("/")}`;
  }

  return {
    place: `the bucket ${bucket} at ${base.origin}`,
    settings: {
      keys: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
      rights: "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket",
    },
    endsAtMs: null,
    async request({ method, key, query = {}, range, upload }: Ask, nowMs) {
      const path = pathOf(key);
      const members = queryOf(query);
      const headers = range === undefined ? {} : { range: `bytes=${range.first}-${range.last}` };
      const unsigned = { method, host: base.host, path, query: members, headers };
      const signed = signHeaders({ ...unsigned, sha256: upload?.sha256 ?? EMPTY_SHA256 }, config, nowMs);
      return { url: `${base.origin}${path}${members === "" ? "" : `?${members}`}`, headers: signed };
    },
    list: (below, next, countMax) => ({
      method: "GET",
      key: null,
      query: {
        "list-type": "2",
        "max-keys": `${countMax}`,
        prefix: prefix + below,
        ...(next !== null && { "continuation-token": next }),
      },
    }),
    readPage: (xml) => ({
      objects: elements(xml, "Contents").map((one) => ({
        name: (element(one, "Key") ?? "").slice(prefix.length),
        byteCount: Number(element(one, "Size")),
        modifiedAtMs: Date.parse(element(one, "LastModified") ?? ""),
      })),
      next: element(xml, "NextContinuationToken"),
    }),
    keepsVersions: (put) => (put.get("x-amz-version-id") ?? "null") !== "null",
  };
}
