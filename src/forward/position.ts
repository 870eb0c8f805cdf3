import { dataIdOf } from "../model/lineage.ts";
import type { ForwardPosition, ForwardSource } from "./port.ts";

/** The end of what is stored: a new destination begins there. */
export async function newestPosition(
  source: Pick<ForwardSource, "lineage" | "reprocessed">,
): Promise<ForwardPosition> {
  const lineage = await source.lineage();
  const { count } = await source.reprocessed();
  return { dataId: dataIdOf(lineage), eventId: lineage.lastEventId, reprocessedCount: count };
}
