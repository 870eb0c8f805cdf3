import { describe, expect, test } from "bun:test";
import { EMPTY_SHA256, encode, queryOf, signHeaders } from "../../../src/store/objects/signature.ts";

// The examples of "Signature Calculations for the Authorization Header" in Amazon's documentation of S3.
const EXAMPLE_KEYS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
  region: "us-east-1",
};
const EXAMPLE_MS = Date.UTC(2013, 4, 24);
const plain = { method: "GET", host: "examplebucket.s3.amazonaws.com", path: "/", query: "", headers: {} };
const empty = { ...plain, sha256: EMPTY_SHA256 };

const signatureOf = (headers: Record<string, string>) => headers.authorization?.split("Signature=")[1];

describe("a request is signed as Amazon's examples are", () => {
  test.each([
    [
      "a part of an object",
      { ...empty, path: "/test.txt", headers: { range: "bytes=0-9" } },
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ],
    [
      "an upload",
      {
        ...plain,
        method: "PUT",
        path: `/${encode("test$file.text")}`,
        headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
        sha256: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      },
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ],
    [
      "a setting of a bucket",
      { ...empty, query: queryOf({ lifecycle: "" }) },
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ],
    [
      "a list",
      { ...empty, query: queryOf({ prefix: "J", "max-keys": "2" }) },
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ],
  ])("%s", (_what, request, signature) => {
    const headers = signHeaders(request, EXAMPLE_KEYS, EXAMPLE_MS);
    expect(signatureOf(headers)).toBe(signature);
    expect(headers["x-amz-date"]).toBe("20130524T000000Z");
  });
});

test("a session's token is sent, and signed", () => {
  const headers = signHeaders(empty, { ...EXAMPLE_KEYS, sessionToken: "token" }, EXAMPLE_MS);
  expect(headers["x-amz-security-token"]).toBe("token");
  expect(headers.authorization).toContain("x-amz-date;x-amz-security-token,");
  expect(signatureOf(headers)).not.toBe(signatureOf(signHeaders(empty, EXAMPLE_KEYS, EXAMPLE_MS)));
});

test("all but letters, digits and -._~ is encoded, as UTF-8", () => {
  expect(encode("aZ09-._~ !'()*+/=&%ä")).toBe("aZ09-._~%20%21%27%28%29%2A%2B%2F%3D%26%25%C3%A4");
  expect(queryOf({ b: "1/2", a: " ", "a-b": "" })).toBe("a=%20&a-b=&b=1%2F2");
});
