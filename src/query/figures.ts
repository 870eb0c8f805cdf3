import type { Reader } from "./reader.ts";

export type StoredFigures = {
  quarantined: number;
  lastReceivedAtMs: number | null;
  recordingBytes: number;
  withoutRecording: number;
};

const LATE_MS = 15 * 60_000;
const WINDOW_MS = 24 * 60 * 60_000;

// Each is answered by one index, and by a few entries of it or by small ones.
const FIGURES = `
  SELECT
    (SELECT count(*) FROM events INDEXED BY events_quarantined WHERE status = 'quarantined') AS quarantined,
    (SELECT max(received_at) FROM events INDEXED BY events_received) AS lastReceivedAtMs,
    (SELECT total(audio_bytes) FROM conversations INDEXED BY conversations_audio_bytes
      WHERE audio_bytes IS NOT NULL) AS recordingBytes,
    (SELECT count(*) FROM conversations INDEXED BY conversations_awaiting_audio
      WHERE has_audio = 1 AND audio_path IS NULL AND updated_at >= ? AND updated_at < ?) AS withoutRecording`;

/**
 * What the database says of itself, for monitoring. `withoutRecording` counts the conversations of the last day that say
 * they have audio, and have waited for it for more than 15 minutes.
 */
export function readFigures({ sqlite }: Reader, nowMs: number): StoredFigures {
  const row = sqlite.query<StoredFigures, number[]>(FIGURES).get(nowMs - WINDOW_MS, nowMs - LATE_MS);
  if (row === null) throw new Error("a query of numbers has no row");
  return row;
}
