import type { Recording } from "../model/recording.ts";
import type { Recordings } from "../store/files/recordings.ts";
import { decodeAudioText } from "./json/audio-text.ts";
import { readPieces } from "./body.ts";
import type { ReadableBody, SignedBody } from "./body.ts";
import { unusable } from "../vendor/event.ts";
import type { Quarantine } from "../vendor/event.ts";
import type { Interpretation } from "./interpret.ts";

/**
 * Decodes the recording of an audio event into its file. Returns null where there is no recording, or where recordings
 * are not stored; then its base64 is checked all the same, so that the answer does not depend on the configuration.
 */
export async function storeRecording(options: {
  read: Interpretation;
  signed: SignedBody<ReadableBody>;
  recordings: Recordings | null;
}): Promise<Recording | Quarantine | null> {
  const { event, audio } = options.read;
  const { body, receivedAtMs } = options.signed;
  const { conversationId, eventTimestamp } = event;
  if (audio === null || conversationId === null) return null;

  const file = (await options.recordings?.create()) ?? null;
  const hasher = new Bun.CryptoHasher("sha256");
  let isCommitted = false;
  try {
    const isDecoded = await decodeAudioText(readPieces(body, audio.start, audio.end), (bytes) => {
      hasher.update(bytes);
      file?.write(bytes);
    });
    if (!isDecoded) return unusable("invalid_payload", "the recording is not valid base64", event);
    if (file === null || file.byteCount === 0 || options.recordings === null) return null;
    const about = { conversationId, sha256: hasher.digest("hex"), eventTimestamp, receivedAtMs };
    const recording = await options.recordings.commit(file, about);
    isCommitted = true;
    return recording;
  } finally {
    if (!isCommitted) await file?.discard();
  }
}
