import type { TemporaryFile } from "../platform/files.ts";

/** A piece that is held takes about 800 bytes more than it has: smaller ones are copied together. */
const SMALL_BYTES_MAX = 4096;
const BLOCK_BYTES = 16 * 1024;

/** Holds the bytes of a body that are in memory while it comes in. */
export function createPieces() {
  const pieces: Uint8Array[] = [];
  let byteCount = 0;
  let block: Buffer | null = null;
  let blockBytes = 0;

  function endBlock(): void {
    if (block === null || blockBytes === 0) return;
    pieces.push(new Uint8Array(block.subarray(0, blockBytes)));
    blockBytes = 0;
  }

  function take(): Uint8Array[] {
    endBlock();
    byteCount = 0;
    return pieces.splice(0);
  }

  return {
    /** The caller may not change the piece afterwards. */
    add(piece: Uint8Array): void {
      byteCount += piece.byteLength;
      if (piece.byteLength > SMALL_BYTES_MAX) {
        endBlock();
        pieces.push(piece);
        return;
      }
      block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
      if (blockBytes + piece.byteLength > BLOCK_BYTES) endBlock();
      block.set(piece, blockBytes);
      blockBytes += piece.byteLength;
    },

    /** Writes them to a file if they are worth a write, or if there will be no more. */
    moveTo(file: Pick<TemporaryFile, "write">, { isEnd = false } = {}): void {
      if (byteCount < BLOCK_BYTES && !isEnd) return;
      for (const piece of take()) file.write(piece);
    },

    /** All of them as one. */
    join(): Uint8Array {
      return Buffer.concat(take());
    },
  };
}
