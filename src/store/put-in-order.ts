import type { Log } from "../platform/log.ts";
import { adoptRecordings } from "./files/adopt.ts";
import type { Connection } from "./sqlite/connection.ts";
import type { Leftovers } from "./files/leftovers.ts";
import { settleBodies } from "./files/quarantine.ts";
import type { RecordOfLeftBody } from "./files/quarantine.ts";

/** Gives their rows to files that a stop has left without. Returns whether all are in order. */
export async function putInOrder(options: {
  databaseFolder: string;
  /** null: recordings are not stored */
  audioFolder: string | null;
  connection: Connection;
  recordOfLeftBody: RecordOfLeftBody;
  leftovers: Leftovers;
  log: Log;
}): Promise<boolean> {
  const areBodies = await settleBodies(options);
  const { audioFolder } = options;
  if (audioFolder === null) return areBodies;
  return (await adoptRecordings({ ...options, folder: audioFolder })) && areBodies;
}
