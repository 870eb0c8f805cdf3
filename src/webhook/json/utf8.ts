import { isAscii } from "node:buffer";

/** Judges whether bytes that come in pieces are UTF-8 (RFC 3629: no surrogates, no overlong forms). */
export class Utf8Judge {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #mayEndInCharacter = false;

  /** @param piece null for the end */
  takes(piece: Uint8Array | null): boolean {
    if (!this.#mayEndInCharacter && (piece === null || isAscii(piece))) return true;
    try {
      this.#decoder.decode(piece ?? undefined, { stream: piece !== null });
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
    this.#mayEndInCharacter = (piece?.at(-1) ?? 0) > 0x7f;
    return true;
  }
}
