import type { BlobContent } from "../port.ts";

/** Read by one request: a listener needs no more at once, and each may be tried again. */
const PIECE_BYTES = 512 * 1024;

/** Reads some bytes, the one at `end` not included. */
type Read = (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

/** What an object holds, read part by part. */
export function contentOf(byteCount: number, read: Read): BlobContent {
  return partOf(0, byteCount, read);
}

function partOf(start: number, end: number, read: Read): BlobContent {
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let from = start; from < end; from += PIECE_BYTES)
      yield await read(from, Math.min(end, from + PIECE_BYTES));
  }

  async function bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return Buffer.concat(await Array.fromAsync(pieces()));
  }

  return {
    size: end - start,
    slice(first, last) {
      const from = Math.min(end, start + first);
      return partOf(from, Math.max(from, Math.min(end, start + last)), read);
    },
    stream() {
      const source = pieces();
      return new ReadableStream({
        async pull(controller) {
          const { done, value } = await source.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await source.return(undefined);
        },
      });
    },
    bytes,
    text: async () => new TextDecoder().decode(await bytes()),
  };
}
