import { dirname } from "node:path";
import { atFault, faultText } from "../platform/faults.ts";
import type { Log } from "../platform/log.ts";
import type { EventRecord } from "../model/event.ts";
import type { LateListener, LateOutcome } from "./files/late.ts";
import type { Leftovers } from "./files/leftovers.ts";
import { bodyPath } from "./files/quarantine.ts";
import type { Recording } from "../model/recording.ts";

/** Follows what becomes of the files of events. */
export function createAftermath(options: {
  databasePath: string;
  /** null: recordings are not stored */
  audioFolder: string | null;
  rows: {
    isBodyFile: (path: string) => boolean;
    adoptRecording: (conversationId: string, recording: Recording, receivedAtMs: number) => void;
  };
  leftovers: Leftovers;
  /** Called when a file has to be tried again. */
  onLate: () => void;
  log: Log;
}) {
  const { databasePath, audioFolder, rows, leftovers, onLate, log } = options;
  const databaseFolder = dirname(databasePath);
  let isInOrder = true;

  /**
   * Removes the files that are not to stay after an outcome, and gives a recording its row whose event stays
   * quarantined. Never throws: the outcome stands.
   *
   * @param body the quarantined body, if there was one
   */
  async function tidy(record: EventRecord, outcome: LateOutcome, body: string | null): Promise<void> {
    const { recording } = record;
    if (outcome === "erased" && recording !== null && audioFolder !== null)
      await leftovers.remove(audioFolder, recording.path);
    try {
      if (outcome === "unstorable") adoptOf(record);
      const isOver = outcome === "erased" || outcome === "replaced";
      if (isOver && body !== null && !rows.isBodyFile(body)) await leftovers.remove(databaseFolder, body);
    } catch (error) {
      isInOrder = false;
      log.error(`A file is left to the next start: ${faultText(atFault(databasePath, error))}`);
    }
  }

  function adoptOf({ conversationId, recording, receivedAtMs }: EventRecord): void {
    if (conversationId !== null && recording !== null)
      rows.adoptRecording(conversationId, recording, receivedAtMs);
  }

  const late: LateListener = {
    begun({ recording, payloadPath, bodyBytes }) {
      const path = recording?.path ?? payloadPath;
      log.warning("A file waits for its row until the database takes it", { path, bytes: bodyBytes });
      onLate();
    },
    ended(record, outcome) {
      log.info("A file that waited has its row", { path: record.recording?.path ?? record.payloadPath });
      void tidy(record, outcome, bodyPath(record.bodySha256));
    },
  };

  return { tidy, late, isInOrder: () => isInOrder };
}
