import { hasCode } from "../../platform/errors.ts";
import type { Blobs } from "../../store/port.ts";
import { createCurve } from "./curve.ts";
import type { Loudness } from "./curve.ts";

/** Read at once: then it is the turn of other questions. */
const PIECE_BYTES = 256 * 1024;
/** Recordings that wait: one is measured at a time, since all would share one processor. */
const WAITING_MAX = 16;
/** From the question on, less than anyone waits for the thread. */
const MS_MAX = 20_000;

export type Measured =
  | { kind: "measured"; loudness: Loudness }
  /** The file is gone, or has another size. */
  | { kind: "missing" }
  /** Too many are asked for, or this one takes too long. */
  | { kind: "busy" };

export type RecordingFile = { path: string; byteCount: number };

/** Makes what measures recordings, one after the other. */
export function createMeter(recordings: Pick<Blobs, "open">) {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  return {
    async measure(recording: RecordingFile): Promise<Measured> {
      if (waiting >= WAITING_MAX) return { kind: "busy" };
      const endMs = performance.now() + MS_MAX;
      waiting += 1;
      const turn = last.then(() => read(recordings, recording, endMs));
      last = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        waiting -= 1;
      }
    },
  };
}

async function read(
  recordings: Pick<Blobs, "open">,
  { path, byteCount }: RecordingFile,
  endMs: number,
): Promise<Measured> {
  try {
    const file = await recordings.open(path);
    if (file?.size !== byteCount) return { kind: "missing" };
    const curve = createCurve();
    for (let from = 0; from < byteCount; from += PIECE_BYTES) {
      if (performance.now() > endMs) return { kind: "busy" };
      curve.push(await file.slice(from, from + PIECE_BYTES).bytes());
    }
    return { kind: "measured", loudness: curve.end() };
  } catch (error) {
    // Erased meanwhile.
    if (hasCode(error, "ENOENT")) return { kind: "missing" };
    throw error;
  }
}
