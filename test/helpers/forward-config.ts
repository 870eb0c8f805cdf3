import { join } from "node:path";
import { forwardConfig } from "./destination.ts";
import { temporaryFolder } from "./folders.ts";

/** A file of destinations in a folder of its own, gone when the tests of the file have run. */
export function ownForwardConfig(destinations: Parameters<typeof forwardConfig>[0]): string {
  return forwardConfig(destinations, join(temporaryFolder(), "forward.json"));
}
