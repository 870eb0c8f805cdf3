import { openEmbedded } from "./embedded.ts";
import type { DataOptions, OpenedData } from "./port.ts";

/** Opens the data that the configuration names. */
export async function openData(options: DataOptions): Promise<OpenedData> {
  const { data } = options.config;
  switch (data.kind) {
    case "embedded":
      return openEmbedded(data, options);
    case "shared": {
      // Loaded only then: it takes memory.
      const { openShared } = await import("./shared.ts");
      return openShared(data, options);
    }
  }
}
