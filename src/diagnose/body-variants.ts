import { isAscii } from "node:buffer";
import { jsonLayouts } from "./json-layouts.ts";
import type { JsonStyle } from "./json-layouts.ts";

/** What was done to the body that was given, to get the one that was signed. */
export type BodyChange =
  | { kind: "final-newline-removed" }
  | { kind: "final-newline-added" }
  | { kind: "line-ends-to-lf" }
  | { kind: "line-ends-to-crlf" }
  | { kind: "line-ends-removed" }
  | { kind: "byte-order-mark-removed" }
  | { kind: "byte-order-mark-added" }
  | { kind: "invalid-bytes-replaced" }
  /** The text is that of other bytes, which somebody took for this encoding. */
  | { kind: "decoded-as"; encoding: keyof typeof singleByte }
  /** The bytes are those of a text in this encoding, not in UTF-8. */
  | { kind: "encoded-as"; encoding: "Latin-1" | "UTF-16" }
  | { kind: "base64-decoded" }
  | { kind: "string-unwrapped" }
  | { kind: "rewritten"; style: JsonStyle; hasFinalNewline: boolean };

type BodyVariant = { change: BodyChange; bytes: Uint8Array };

const MARK = Buffer.from("\uFEFF");
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const bytesOf = (characters: string) => new Map([...characters].map((character, byte) => [character, byte]));
const singleByte = {
  "Latin-1": bytesOf(everyByte.toString("latin1")),
  // As the web means it: the five bytes that have no character stand for themselves.
  "Windows-1252": bytesOf(new TextDecoder("windows-1252").decode(everyByte)),
};

/** The usual ways in which a body changes between the sender's hash and the receiver's, one at a time. */
export function* bodyVariants(body: Uint8Array): Generator<BodyVariant> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (const variants of [newlines, encodings]) {
    for (const { change, bytes: changed } of variants(bytes)) {
      if (changed.byteLength > 0 && !bytes.equals(changed)) yield { change, bytes: changed };
    }
  }
  const text = utf8(withoutMark(bytes));
  if (text === null) return;
  // JSON inside a JSON string, as a tool that logs requests keeps it.
  if (text.trimStart().startsWith('"')) {
    const inner = unwrapped(text);
    if (inner !== null) yield { change: { kind: "string-unwrapped" }, bytes: Buffer.from(inner) };
  }
  for (const hasFinalNewline of [false, true]) {
    for (const { style, text: written } of jsonLayouts(text)) {
      const rewritten = Buffer.from(hasFinalNewline ? `${written}\n` : written);
      if (!bytes.equals(rewritten))
        yield { change: { kind: "rewritten", style, hasFinalNewline }, bytes: rewritten };
    }
  }
}

// In Latin-1 one character is one byte: text functions then work on bytes and lose none. One at a time, since each copy
// takes as much memory again.
function* newlines(bytes: Buffer): Generator<BodyVariant> {
  const text = bytes.toString("latin1");
  yield made({ kind: "final-newline-removed" }, text.replace(/\r?\n$/, ""));
  yield made({ kind: "final-newline-removed" }, text.trimEnd());
  yield made({ kind: "final-newline-added" }, `${text}\n`);
  yield made({ kind: "final-newline-added" }, `${text}\r\n`);
  yield made({ kind: "line-ends-to-lf" }, text.replaceAll("\r\n", "\n"));
  yield made({ kind: "line-ends-to-crlf" }, text.replace(/\r?\n/g, "\r\n"));
  yield made({ kind: "line-ends-removed" }, text.replace(/[\r\n]/g, ""));
}

function made(change: BodyChange, latin1: string): BodyVariant {
  return { change, bytes: Buffer.from(latin1, "latin1") };
}

function* encodings(bytes: Buffer): Generator<BodyVariant> {
  yield { change: { kind: "byte-order-mark-removed" }, bytes: withoutMark(bytes) };
  yield { change: { kind: "byte-order-mark-added" }, bytes: Buffer.concat([MARK, bytes]) };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    const decoded = Buffer.from(bytes.subarray(2).toString("utf16le"));
    yield { change: { kind: "encoded-as", encoding: "UTF-16" }, bytes: decoded };
  }
  const text = utf8(bytes);
  if (text !== null && /^[A-Za-z0-9+/]+={0,2}\s*$/.test(text)) {
    yield { change: { kind: "base64-decoded" }, bytes: Buffer.from(text, "base64") };
  }
  // Plain ASCII is the same in all encodings.
  if (isAscii(bytes)) return;
  yield { change: { kind: "invalid-bytes-replaced" }, bytes: Buffer.from(bytes.toString("utf8")) };
  yield {
    change: { kind: "encoded-as", encoding: "Latin-1" },
    bytes: Buffer.from(bytes.toString("latin1")),
  };
  for (const encoding of ["Latin-1", "Windows-1252"] as const) {
    const encoded = text === null ? null : encodeSingleByte(text, encoding);
    if (encoded !== null) yield { change: { kind: "decoded-as", encoding }, bytes: encoded };
  }
}

/** The bytes that give this text when they are taken for that encoding; null if none do. */
function encodeSingleByte(text: string, encoding: keyof typeof singleByte): Buffer | null {
  const byteOf = singleByte[encoding];
  const bytes = Buffer.alloc(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const byte = byteOf.get(text.charAt(index));
    if (byte === undefined) return null;
    bytes[index] = byte;
  }
  return bytes;
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, MARK.byteLength).equals(MARK) ? bytes.subarray(MARK.byteLength) : bytes;
}

function utf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function unwrapped(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
