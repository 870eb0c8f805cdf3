import { createHash, createHmac } from "node:crypto";

/** Whom a request to S3 is from, and where the bucket is. */
export type S3Credentials = {
  accessKeyId: string;
  secretAccessKey: string;
  /** null unless the keys are temporary. */
  sessionToken: string | null;
  region: string;
};

/** A request that is to be signed. Path and query are encoded, the query's members sorted. */
type Unsigned = {
  method: string;
  host: string;
  path: string;
  query: string;
  /** Lower-case names. All are signed. */
  headers: Readonly<Record<string, string>>;
  /** Of the body, lower-case hex: the server refuses another body. */
  sha256: string;
};

export const EMPTY_SHA256 = hashOf("");

/**
 * Signs a request by AWS Signature Version 4: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 *
 * @returns all headers to send
 */
export function signHeaders(
  { method, host, path, query, headers, sha256 }: Unsigned,
  { accessKeyId, secretAccessKey, sessionToken, region }: S3Credentials,
  nowMs: number,
): Record<string, string> {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const all: Record<string, string> = {
    ...headers,
    host,
    "x-amz-content-sha256": sha256,
    "x-amz-date": time,
    ...(sessionToken !== null && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(all).toSorted();
  const signed = names.join(";");
  const lines = names.map((name) => `${name}:${all[name]}\n`).join("");
  const scope = `${day}/${region}/s3/aws4_request`;
  const canonical = hashOf([method, path, query, lines, signed, sha256].join("\n"));
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(mac, `AWS4${secretAccessKey}`);
  const signature = mac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${canonical}`).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${signed},Signature=${signature}`;
  return { ...all, authorization };
}

/** Encodes as S3 wants it signed: all but letters, digits and `-._~`. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The members of a query in their order. */
export function queryOf(members: Readonly<Record<string, string>>): string {
  return Object.keys(members)
    .toSorted()
    .map((name) => `${encode(name)}=${encode(members[name] ?? "")}`)
    .join("&");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function mac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
