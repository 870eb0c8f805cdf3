// An instance that forwards what is in Postgres, as a process of its own: it can be killed and frozen.
import { parseForwardConfig } from "../../src/forward/config.ts";
import { runShared } from "../../src/forward/postgres/run.ts";
import { systemClock } from "../../src/platform/clock.ts";

const [url = "", config = "", waits = ""] = process.argv.slice(2);
const read = parseForwardConfig(config);
if (!read.ok) throw new Error(read.problem.join("; "));
const { done, stop } = runShared(url, {
  destinations: read.value,
  bodies: { open: async () => null },
  publicUrl: null,
  clock: systemClock,
  environment: {},
  roundMs: 50,
  waits: JSON.parse(waits),
  tell: (level, message, fields) => console.log(JSON.stringify({ level, message, ...fields })),
  show: (figures) => console.log(JSON.stringify({ figures })),
});
process.on("SIGTERM", () => void stop().then(() => process.exit(0)));
await done;
