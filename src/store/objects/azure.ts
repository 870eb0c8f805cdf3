import type { ObjectsConfig } from "../../config/objects.ts";
import type { Ask, Dialect } from "./dialect.ts";
import { encode, queryOf } from "./signature.ts";
import { element, elements } from "./xml.ts";

/** Takes blobs of up to 5,000 MiB in one request. */
const VERSION = "2021-12-02";

/** Speaks to a container of Azure Blob Storage, whose address holds what gives access: a shared access signature (SAS). */
export function azureDialect({ containerUrl, sas }: Extract<ObjectsConfig, { kind: "azure" }>): Dialect {
  const endsAtMs = Date.parse(new URLSearchParams(sas).get("se") ?? "");

  return {
    place: `the container ${containerUrl}`,
    settings: {
      keys: "the SAS in AUDIO_STORAGE_PATH",
      rights: "read, write, delete and list (sp=rwdl) in its SAS",
    },
    endsAtMs: Number.isNaN(endsAtMs) ? null : endsAtMs,
    async request({ method, key, query = {}, range, upload }: Ask) {
      const path = key === null ? "" : `/${key.split("/").map(encode).join("/")}`;
      const members = [queryOf(query), sas].filter((one) => one !== "").join("&");
      return {
        url: `${containerUrl}${path}?${members}`,
        headers: {
          "x-ms-version": VERSION,
          ...(range !== undefined && { range: `bytes=${range.first}-${range.last}` }),
          // One with snapshots is not deleted otherwise.
          ...(method === "DELETE" && { "x-ms-delete-snapshots": "include" }),
          ...(upload !== undefined && {
            "x-ms-blob-type": "BlockBlob",
            "content-md5": await md5Of(upload.pieces()),
          }),
        },
      };
    },
    list: (prefix, next, countMax) => ({
      method: "GET",
      key: null,
      query: {
        restype: "container",
        comp: "list",
        prefix,
        maxresults: `${countMax}`,
        ...(next !== null && { marker: next }),
      },
    }),
    readPage: (xml) => ({
      objects: elements(xml, "Blob").map((one) => ({
        name: element(one, "Name") ?? "",
        byteCount: Number(element(one, "Content-Length")),
        modifiedAtMs: Date.parse(element(one, "Last-Modified") ?? ""),
      })),
      next: element(xml, "NextMarker"),
    }),
    keepsVersions: (put, removed) =>
      put.has("x-ms-version-id") || removed.get("x-ms-delete-type-permanent") === "false",
  };
}

/** It makes the server check what arrives: the signature of an address says nothing of a body. */
async function md5Of(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hasher = new Bun.CryptoHasher("md5");
  for await (const piece of pieces) hasher.update(piece);
  return hasher.digest("base64");
}
