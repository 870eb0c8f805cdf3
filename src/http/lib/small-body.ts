import { withinMs } from "../../platform/wait.ts";

/** The body of a request as text; null if it is larger or slower, and then the rest of it is not waited for. */
export async function textOfBody(
  request: Request,
  { bytesMax, msMax }: { bytesMax: number; msMax: number },
): Promise<string | null> {
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

  const isComplete = (await withinMs(read(reader), msMax)) && byteCount <= bytesMax;
  if (!isComplete) void reader.cancel();
  return isComplete ? Buffer.concat(pieces).toString() : null;
}
