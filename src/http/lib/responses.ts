import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { BlobContent } from "../../store/port.ts";

const gzipped = promisify(gzip);

/** A smaller answer fits into one packet as it is. */
const GZIP_BYTES_MIN = 1_200;
/** What is not a file is read as a whole up to this size. */
const BYTES_AT_ONCE_MAX = 1024 * 1024;

/**
 * What every answer of the API says to a browser. Each document of this origin carries the authority of the session's
 * cookie, and what somebody else wrote is in many answers: none is guessed to be a page, none that is opened as one runs
 * anything, and none is kept.
 */
const GUARDING = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** Adds what every answer of the API says. */
export function guardAnswer(response: Response): Response {
  for (const [name, value] of Object.entries(GUARDING)) response.headers.set(name, value);
  return response;
}

/** Answers with JSON, compressed for those who can read that: a page of a list is a seventh then. */
export async function jsonAnswer(request: Request, value: unknown): Promise<Response> {
  const bytes = Buffer.from(JSON.stringify(value));
  const headers = { "content-type": "application/json;charset=utf-8", vary: "accept-encoding" };
  if (bytes.byteLength < GZIP_BYTES_MIN || !takesGzip(request.headers.get("accept-encoding"))) {
    return new Response(bytes, { headers });
  }
  // In a thread of the runtime's: deliveries go on meanwhile.
  return new Response(await gzipped(bytes), { headers: { ...headers, "content-encoding": "gzip" } });
}

/** Whether gzip is named, and not by a weight of zero (RFC 9110, section 12.5.3). */
function takesGzip(header: string | null): boolean {
  return (header ?? "")
    .split(",")
    .some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(coding));
}

/**
 * Answers with a file: whole, in part, or not at all if the client has it (RFC 9110, sections 13 and 14). A page
 * plays it; opened by itself, it is saved under its name.
 *
 * @param about `tag` changes with the content; null if it is not known
 */
export async function fileResponse(
  request: Request,
  file: BlobContent,
  about: { name: string; type: string; tag: string | null },
): Promise<Response> {
  const etag = about.tag === null ? null : `"${about.tag}"`;
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "content-disposition": `attachment; filename="${about.name.replaceAll(/[^\w.-]/g, "_")}"`,
    "content-type": about.type,
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
      return contentAnswer(request, file.slice(range.start, range.end), { status: 206, headers });
    case "whole":
      // Of a whole file the runtime would answer ranges by itself, and ignore If-Range.
      return contentAnswer(request, file.slice(0, file.size), { headers });
  }
}

/**
 * Answers with content. The system sends a file by itself; what comes from elsewhere is streamed if it is large, and has no
 * Content-Length then: the runtime gives none to a stream.
 */
export async function contentAnswer(
  request: Request,
  content: BlobContent,
  init: { status?: number; headers: Record<string, string> },
): Promise<Response> {
  if (content instanceof Blob) return new Response(content, init);
  if (request.method === "HEAD") return new Response(zeros(content.size), init);
  const isSmall = content.size <= BYTES_AT_ONCE_MAX;
  return new Response(isSmall ? await content.bytes() : content.stream(), init);
}

/** The framework answers HEAD with the number of bytes that GET would send, which it reads: these cost nothing. */
function zeros(byteCount: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const piece = new Uint8Array(Math.min(byteCount, BYTES_AT_ONCE_MAX));
  let left = byteCount;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const next = piece.subarray(0, left);
      left -= next.byteLength;
      controller.enqueue(next);
    },
  });
}

/** Whether If-None-Match names a tag, by the weak comparison (RFC 9110, section 13.1.2). */
export function hasTag(header: string | null, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return (header ?? "")
    .split(",")
    .map(opaque)
    .some((tag) => tag === "*" || tag === opaque(etag));
}

/** What a request wants of a file. `end` is not included. */
export type ByteRange =
  { kind: "whole" } | { kind: "part"; start: number; end: number } | { kind: "unsatisfiable" };

/**
 * Reads a Range header (RFC 9110, section 14). What is no range of bytes, and several ranges, may be ignored by it: the
 * answer is the whole file then.
 */
export function readRange(header: string | null, byteCount: number): ByteRange {
  const [, first = "", last = ""] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return { kind: "whole" };
  if (first === "") {
    const start = Math.max(0, byteCount - Number(last));
    return start < byteCount ? { kind: "part", start, end: byteCount } : { kind: "unsatisfiable" };
  }
  const start = Number(first);
  const end = last === "" ? byteCount : Math.min(byteCount, Number(last) + 1);
  if (last !== "" && Number(last) < start) return { kind: "whole" };
  return start < byteCount ? { kind: "part", start, end } : { kind: "unsatisfiable" };
}

/**
 * A body that is made while it is being sent: the next piece only when the client has taken those before. A client that
 * hangs up ends the making. A first piece that can't be made rejects, so that there is still an answer; a later one
 * breaks the connection off, so that nobody takes a part for the whole.
 */
export async function streamOf(pieces: AsyncGenerator<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  let next: Promise<IteratorResult<Uint8Array>> | null = Promise.resolve(await pieces.next());
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await (next ?? pieces.next());
      next = null;
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
