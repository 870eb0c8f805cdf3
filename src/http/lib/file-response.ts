import { readRange } from "./byte-range.ts";

/**
 * Answers with a file: whole, in part, or not at all where the client has it (RFC 9110, sections 13 and 14). Played by a
 * browser, saved under its name.
 *
 * @param about `tag` changes with the content; null where it is not known
 */
export function fileResponse(
  request: Request,
  file: Blob,
  about: { name: string; type: string; tag: string | null },
): Response {
  const etag = about.tag === null ? null : `"${about.tag}"`;
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    // It is somebody's voice: no cache on the way keeps it, and the client asks each time whether it may.
    "cache-control": "private, no-cache",
    "content-disposition": `inline; filename="${about.name.replaceAll(/[^\w.-]/g, "_")}"`,
    "content-type": about.type,
    "x-content-type-options": "nosniff",
    ...(etag !== null && { etag }),
  };
  if (etag !== null && hasTag(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const ifRange = request.headers.get("if-range");
  const isPartWanted = request.method === "GET" && (ifRange === null || ifRange === etag);
  const range = readRange(isPartWanted ? request.headers.get("range") : null, file.size);
  switch (range.kind) {
    case "unsatisfiable":
      headers["content-range"] = `bytes */${file.size}`;
      return new Response(null, { status: 416, headers });
    case "part":
      headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${file.size}`;
      return new Response(file.slice(range.start, range.end), { status: 206, headers });
    case "whole":
      // Of a whole file the runtime would answer ranges by itself, and heed no If-Range.
      return new Response(file.slice(0, file.size), { headers });
  }
}

function hasTag(header: string | null, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.some((tag) => tag === "*" || tag === etag);
}
