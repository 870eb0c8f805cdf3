// A whole escape, or what may become one: \uXXXX is the longest.
const ESCAPE_CHARS_MAX = 6;
// oxlint-disable-next-line no-control-regex -- JSON forbids exactly these in a string (RFC 8259, section 7)
const NOT_PLAIN = /[\\\u0000-\u001f]/;
const WHITE_SPACE = /[\t\n\f\r ]/g;

/**
 * Decodes the text of a JSON string that holds base64 (RFC 4648, standard alphabet; padding may be missing, white space
 * between the characters is skipped), piece by piece, in memory that does not grow with it.
 *
 * @param pieces the text as it stands in the JSON, split at any byte
 * @param write takes the decoded bytes, which are valid until it has returned
 * @returns false where the text is not JSON or not base64; what was written until then is of no use
 */
export async function decodeAudioText(
  pieces: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<boolean> {
  let escape = "";
  let carry = "";
  let isPadded = false;
  for await (const piece of pieces) {
    const raw = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    const [whole, partial] = splitEscape(escape + raw);
    escape = partial;
    const plain = unescape(whole);
    if (plain === null) return false;

    const text = carry + plain;
    const decoded = decodeBase64(text, "stop-before-partial");
    if (decoded === null) return false;
    carry = text.slice(decoded.read).replace(WHITE_SPACE, "");
    if (isPadded && (decoded.bytes.byteLength > 0 || carry !== "")) return false;
    isPadded ||= text.lastIndexOf("=", decoded.read - 1) !== -1 && decoded.read > 0;
    if (decoded.bytes.byteLength > 0) await write(decoded.bytes);
  }
  if (escape !== "") return false;
  const last = decodeBase64(carry, "loose");
  if (last === null) return false;
  if (last.bytes.byteLength > 0) await write(last.bytes);
  return true;
}

/** True where the text between two quotes is a valid JSON string in UTF-8. For any length, in bounded memory. */
export async function isJsonText(pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let escape = "";
  try {
    for await (const piece of pieces) {
      const [whole, partial] = splitEscape(escape + decoder.decode(piece, { stream: true }));
      if (unescape(whole) === null) return false;
      escape = partial;
    }
    return escape + decoder.decode() === "";
  } catch (error) {
    // The decoder's answer to bytes that are not UTF-8.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Cuts off an escape that has not ended yet. */
function splitEscape(text: string): [whole: string, partial: string] {
  const backslash = text.lastIndexOf("\\");
  if (backslash < text.length - ESCAPE_CHARS_MAX + 1 || backslash === -1) return [text, ""];
  let run = 1;
  while (text[backslash - run] === "\\") run += 1;
  // An even run is made of escaped backslashes, complete in themselves.
  if (run % 2 === 0) return [text, ""];
  const length = text[backslash + 1] === "u" ? ESCAPE_CHARS_MAX : 2;
  return backslash + length > text.length ? [text.slice(0, backslash), text.slice(backslash)] : [text, ""];
}

/** The characters that a JSON string's text stands for, or null where it is not valid. */
function unescape(text: string): string | null {
  if (!NOT_PLAIN.test(text)) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return null;
  }
}

function decodeBase64(
  text: string,
  lastChunkHandling: "loose" | "stop-before-partial",
): { read: number; bytes: Uint8Array } | null {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
  try {
    const { read, written } = bytes.setFromBase64(text, { lastChunkHandling });
    return { read, bytes: bytes.subarray(0, written) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
