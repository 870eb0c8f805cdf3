import { openEmbedded } from "./embedded.ts";
import type { DataOptions, OpenedData } from "./port.ts";

/** Opens the data that the configuration names. */
export function openData(options: DataOptions): Promise<OpenedData> {
  return openEmbedded(options.config.data, options);
}
