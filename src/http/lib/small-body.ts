import { withinMs } from "../../platform/wait.ts";

/** Who sends a small body a byte at a time is not waited for. */
const BODY_MS_MAX = 5_000;

/** The body of a request as text; null if it is larger or slower, and then the rest of it is not waited for. */
export async function textOfBody(request: Request, bytesMax: number): Promise<string | null> {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const pieces: Uint8Array[] = [];
  let byteCount = 0;

  async function read(from: NonNullable<typeof reader>): Promise<void> {
    while (byteCount <= bytesMax) {
      const { done, value } = await from.read();
      if (done) return;
      byteCount += value.byteLength;
      pieces.push(value);
    }
  }

  const isComplete = (await withinMs(read(reader), BODY_MS_MAX)) && byteCount <= bytesMax;
  if (!isComplete) void reader.cancel();
  return isComplete ? Buffer.concat(pieces).toString() : null;
}
