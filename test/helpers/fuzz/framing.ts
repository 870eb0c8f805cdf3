import { requestHead } from "../raw.ts";
import type { Random } from "./random.ts";

/** What goes over the wire, in the pieces that are handed to the kernel one by one. */
export type Framed = {
  pieces: Uint8Array[];
  /** Not HTTP, or not complete: nothing of it may be accepted. */
  isBroken: boolean;
};

const EXTENSIONS = ["", "", "", ";a", ";a=b", ';a="b;c"'];

/** Puts a delivery into HTTP: with its length or in chunks, in one piece or many; sometimes wrongly. */
export function frame(header: string | null, body: Uint8Array, random: Random): Framed {
  const headers: Record<string, string> = header === null ? {} : { "ElevenLabs-Signature": header };
  // An empty body leaves nothing to break in some of the ways.
  if (body.length > 0 && random.chance(0.02))
    return { pieces: [brokenFrame(headers, body, random)], isBroken: true };
  const isChunked = random.chance(0.5);
  const whole = isChunked
    ? Buffer.concat([
        Buffer.from(requestHead({ ...headers, "Transfer-Encoding": "chunked" })),
        ...chunks(body, random),
      ])
    : Buffer.concat([Buffer.from(requestHead({ ...headers, "Content-Length": String(body.length) })), body]);
  return { pieces: random.chance(0.8) ? [whole] : split(whole, random), isBroken: false };
}

function chunks(body: Uint8Array, random: Random): Uint8Array[] {
  const bytesMax = random.oneOf([1 + random.below(body.length + 1), 64 * 1024, 1000, 64]);
  // A byte at a time where that is not too many.
  const step = body.length < 500 && random.chance(0.2) ? 1 : Math.max(bytesMax, Math.ceil(body.length / 200));
  const framed: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += step) {
    const piece = body.subarray(at, at + step);
    const size = piece.length.toString(16).padStart(random.oneOf([1, 1, 4]), "0");
    const spelled = random.chance(0.5) ? size : size.toUpperCase();
    framed.push(Buffer.from(`${spelled}${random.oneOf(EXTENSIONS)}\r\n`), piece, Buffer.from("\r\n"));
  }
  framed.push(Buffer.from("0\r\n\r\n"));
  return framed;
}

function split(bytes: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = pieces.length === 5 ? bytes.length : at + 1 + random.below(bytes.length - at);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function brokenFrame(headers: Record<string, string>, body: Uint8Array, random: Random): Uint8Array {
  const length = String(body.length);
  const chunked = { ...headers, "Transfer-Encoding": "chunked" };
  const withBody = (head: string, ...rest: (string | Uint8Array)[]) =>
    Buffer.concat([head, ...rest].map((part) => Buffer.from(part)));
  return random.oneOf([
    () => withBody(requestHead({ ...headers, "Content-Length": String(body.length + 1) }), body),
    () =>
      withBody(requestHead({ ...headers, "Content-Length": length, "content-length": `${length}1` }), body),
    () => withBody(requestHead({ ...chunked, "Content-Length": length }), `${length}\r\n`, body),
    () => withBody(requestHead(chunked), `${(body.length + 1).toString(16)}\r\n`, body, "\r\n0\r\n\r\n"),
    () => withBody(requestHead(chunked), "zz\r\n", body, "\r\n0\r\n\r\n"),
    () => withBody(requestHead(chunked), `-${body.length.toString(16)}\r\n`, body, "\r\n0\r\n\r\n"),
    () => withBody(requestHead(chunked), `${body.length.toString(16)}\r\n`, body),
    () => withBody(requestHead({ ...headers, "Content-Length": `+${length}` }), body),
    () => withBody(requestHead(headers, "POST /webhook HTTP/9.9"), body),
    () => withBody(requestHead({ ...headers, "Bad Name\0": "x" }), body),
    () => Buffer.from(Array.from({ length: 300 }, () => random.below(256))),
  ])();
}
