// A whole escape, or what may become one: \uXXXX is the longest.
const ESCAPE_CHARS_MAX = 6;
// oxlint-disable-next-line no-control-regex -- JSON forbids exactly these in a string (RFC 8259, section 7)
const NOT_PLAIN = /["\\\u0000-\u001f]/;
const WHITE_SPACE = /[\t\n\f\r ]/g;

/**
 * Decodes the text of a JSON string that holds base64 (RFC 4648, standard alphabet; padding may be missing, white space
 * between the characters is skipped), piece by piece, in memory that does not grow with it.
 *
 * @param pieces the text as it stands in the JSON, split at any byte
 * @param write takes the decoded bytes, which are valid until it has returned
 * @returns false if the text is not JSON or not base64; what was written until then is of no use
 */
export async function decodeAudioText(
  pieces: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => void,
): Promise<boolean> {
  const decoder = new Base64Decoder();
  let escape = "";
  for await (const piece of pieces) {
    const raw = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    const [whole, partial] = splitEscape(escape + raw);
    escape = partial;
    const text = unescape(whole);
    const bytes = text === null ? null : decoder.add(text);
    if (bytes === null) return false;
    if (bytes.byteLength > 0) write(bytes);
  }
  const last = escape === "" ? decoder.end() : null;
  if (last === null) return false;
  if (last.byteLength > 0) write(last);
  return true;
}

/** Cuts off an escape that has not ended yet. */
export function splitEscape(text: string): [whole: string, partial: string] {
  const backslash = text.lastIndexOf("\\");
  if (backslash < text.length - ESCAPE_CHARS_MAX + 1 || backslash === -1) return [text, ""];
  let run = 1;
  while (text[backslash - run] === "\\") run += 1;
  // An even run is made of escaped backslashes, complete in themselves.
  if (run % 2 === 0) return [text, ""];
  const length = text[backslash + 1] === "u" ? ESCAPE_CHARS_MAX : 2;
  return backslash + length > text.length ? [text.slice(0, backslash), text.slice(backslash)] : [text, ""];
}

/** The characters that a JSON string's text stands for, or null if it is not valid. */
function unescape(text: string): string | null {
  if (!NOT_PLAIN.test(text)) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return null;
  }
}

/** Decodes base64 that comes in parts. What it returns is valid until the next call: one buffer serves all of them. */
class Base64Decoder {
  #output = new Uint8Array();
  #carry = "";
  #isPadded = false;

  /** Returns the bytes that are complete by now, or null if the text is not base64. */
  add(part: string): Uint8Array | null {
    const text = this.#carry + part;
    const decoded = this.#decode(text, "stop-before-partial");
    if (decoded === null) return null;
    this.#carry = text.slice(decoded.read).replace(WHITE_SPACE, "");
    // After the padding nothing may follow, also not in a later part.
    if (this.#isPadded && (decoded.bytes.byteLength > 0 || this.#carry !== "")) return null;
    this.#isPadded ||= decoded.read > 0 && text.lastIndexOf("=", decoded.read - 1) !== -1;
    return decoded.bytes;
  }

  /** Returns the bytes of what is left, which may lack its padding. */
  end(): Uint8Array | null {
    return this.#decode(this.#carry, "loose")?.bytes ?? null;
  }

  #decode(text: string, lastChunkHandling: "loose" | "stop-before-partial") {
    const bytesMax = Math.ceil(text.length / 4) * 3;
    if (this.#output.byteLength < bytesMax) this.#output = new Uint8Array(bytesMax);
    try {
      const { read, written } = this.#output.setFromBase64(text, { lastChunkHandling });
      return { read, bytes: this.#output.subarray(0, written) };
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }
}
