import { describe, expect, test } from "bun:test";
import { azureDialect } from "../../../src/store/objects/azure.ts";
import { checkBucket } from "../../../src/store/objects/check.ts";
import { uploadOf } from "../../../src/store/objects/dialect.ts";
import type { Ask, Dialect } from "../../../src/store/objects/dialect.ts";
import { s3Dialect } from "../../../src/store/objects/s3.ts";
import { element, elements } from "../../../src/store/objects/xml.ts";

const s3 = (more: Partial<Parameters<typeof s3Dialect>[0]> = {}) =>
  s3Dialect({
    kind: "s3",
    bucket: "calls",
    prefix: "",
    region: "eu-west-1",
    endpoint: null,
    accessKeyId: "AKIA1",
    secretAccessKey: "secret",
    sessionToken: null,
    ...more,
  });
const azure = (sas = "sv=1&sig=a%2Fb") =>
  azureDialect({ kind: "azure", containerUrl: "https://acme.blob.core.windows.net/calls", sas });

describe("what is asked of S3 has the address", () => {
  const object = { method: "GET", key: "2026/11/02/a b.mp3" } as const;
  test.each<[string, Dialect, string]>([
    ["of the bucket", s3(), "https://calls.s3.eu-west-1.amazonaws.com/2026/11/02/a%20b.mp3"],
    [
      "below a prefix",
      s3({ prefix: "of/us" }),
      "https://calls.s3.eu-west-1.amazonaws.com/of/us/2026/11/02/a%20b.mp3",
    ],
    [
      "below the region, for a bucket whose name has dots",
      s3({ bucket: "a.b" }),
      "https://s3.eu-west-1.amazonaws.com/a.b/2026/11/02/a%20b.mp3",
    ],
    [
      "below another endpoint",
      s3({ endpoint: "http://minio:9000/s3/" }),
      "http://minio:9000/s3/calls/2026/11/02/a%20b.mp3",
    ],
  ])("%s", async (_what, dialect, url) => {
    const request = await dialect.request(object, 0);
    expect(request.url).toBe(url);
    expect(request.headers.host).toBe(new URL(url).host);
  });

  test("and the query of a list, in the order in which it is signed", async () => {
    const dialect = s3({ prefix: "of us" });
    const first = await dialect.request(dialect.list("20", null, 1000), 0);
    expect(first.url).toEndWith(".com/?list-type=2&max-keys=1000&prefix=of%20us%2F20");
    const next = await dialect.request(dialect.list("20", "a/+=", 1000), 0);
    expect(next.url).toContain("?continuation-token=a%2F%2B%3D&list-type=2&");
  });
});

test("what is asked of Azure has the signature behind its own query, and the hash of what is uploaded", async () => {
  const upload = uploadOf(Buffer.from("content"));
  const put = await azure().request({ method: "PUT", key: "2026/11/02/ä.mp3", upload }, 0);
  expect(put.url).toBe("https://acme.blob.core.windows.net/calls/2026/11/02/%C3%A4.mp3?sv=1&sig=a%2Fb");
  expect(put.headers).toMatchObject({
    "content-md5": "mgNkuembtIDdJeHwKEyFVQ==",
    "x-ms-blob-type": "BlockBlob",
  });
  const list = await azure().request(azure().list("20", "next", 10), 0);
  expect(list.url).toEndWith(
    "/calls?comp=list&marker=next&maxresults=10&prefix=20&restype=container&sv=1&sig=a%2Fb",
  );
  const part = await azure().request({ method: "GET", key: "a", range: { first: 1, last: 5 } }, 0);
  expect(part.headers.range).toBe("bytes=1-5");
});

test("the pages of lists are read, with names as they are", () => {
  const entry =
    "<Key>of/us/2026/11/02/a&amp;b&#39;&#x1F642;.mp3</Key><LastModified>2026-11-02T12:00:00.000Z</LastModified><Size>7</Size>";
  expect(
    s3({ prefix: "of/us" }).readPage(
      `<ListBucketResult><NextContinuationToken>1&lt;2</NextContinuationToken><Contents>${entry}</Contents></ListBucketResult>`,
    ),
  ).toEqual({
    objects: [{ name: "2026/11/02/a&b'🙂.mp3", byteCount: 7, modifiedAtMs: Date.UTC(2026, 10, 2, 12) }],
    next: "1<2",
  });
  expect(
    azure().readPage(
      "<EnumerationResults><Blobs><Blob><Name>a.mp3</Name><Properties><Last-Modified>Mon, 02 Nov 2026 12:00:00 GMT</Last-Modified>" +
        "<Content-Length>7</Content-Length></Properties></Blob></Blobs><NextMarker></NextMarker></EnumerationResults>",
    ),
  ).toEqual({
    objects: [{ name: "a.mp3", byteCount: 7, modifiedAtMs: Date.UTC(2026, 10, 2, 12) }],
    next: null,
  });
});

test("XML that is none has no elements", () => {
  for (const text of ["", "<Key>", "<Key>a", "</Key>a<Key>", "{}"]) expect(elements(text, "Key")).toBeEmpty();
  expect(element("<Key>&nope;&#xFFFFFFF;&#99999999;&#1114112;</Key>", "Key")).toBe(
    "&nope;&#xFFFFFFF;&#99999999;&#1114112;",
  );
});

describe("a check", () => {
  /** Answers as a bucket that is in order. */
  function bucketOf(headers: Partial<Record<Ask["method"], Record<string, string>>> = {}) {
    let written = "";
    return async ({ method, key, query }: Ask) => {
      if (method === "PUT") written = key ?? "";
      const text = query === undefined ? written : `<Name>${written}</Name>`;
      return { status: 200, headers: new Headers(headers[method]), bytes: new TextEncoder().encode(text) };
    };
  }
  const levels = async (dialect: Dialect, send = bucketOf()) =>
    (await checkBucket(dialect, send)).map(({ level }) => level);
  const endingIn = (days: number) =>
    azure(`se=${encodeURIComponent(new Date(Date.now() + days * 86_400_000).toISOString())}&sig=a`);

  test("warns of old versions", async () => {
    expect(await levels(s3())).toEqual(["ok"]);
    expect(await levels(s3(), bucketOf({ PUT: { "x-amz-version-id": "null" } }))).toEqual(["ok"]);
    expect(await levels(s3(), bucketOf({ PUT: { "x-amz-version-id": "3/L4" } }))).toEqual(["ok", "warning"]);
    expect(await levels(azure(), bucketOf({ PUT: { "x-ms-version-id": "2026" } }))).toEqual([
      "ok",
      "warning",
    ]);
    const isSoft = bucketOf({ DELETE: { "x-ms-delete-type-permanent": "false" } });
    expect(await levels(azure(), isSoft)).toEqual(["ok", "warning"]);
  });

  test("warns 14 days before the access ends", async () => {
    expect(await levels(endingIn(15))).toEqual(["ok"]);
    expect(await levels(endingIn(13))).toEqual(["ok", "warning"]);
    expect(await levels(azure("si=policy&sig=a"))).toEqual(["ok"]);
  });

  test("finds a bucket in which what was written can't be read", async () => {
    const send = bucketOf();
    const [finding] = await checkBucket(s3(), async (ask) => ({
      ...(await send(ask)),
      bytes: new Uint8Array(),
    }));
    expect(finding).toEqual({
      level: "error",
      text: "the bucket calls at https://calls.s3.eu-west-1.amazonaws.com: what is written can't be read at once",
      remedy: "Use a bucket that is consistent.",
    });
  });
});
