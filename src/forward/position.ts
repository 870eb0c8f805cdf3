import { dataIdOf } from "../model/lineage.ts";
import type { ForwardPosition } from "./cursors.ts";
import type { EventSource } from "./events.ts";

/** The end of what is stored: a new destination begins there. */
export function newestPosition(source: EventSource): ForwardPosition {
  const lineage = source.lineage();
  return {
    dataId: dataIdOf(lineage),
    eventId: lineage.lastEventId,
    reprocessedCount: source.reprocessed().count,
  };
}
