// Follows a database's events with a search index, as the thread does, until it is killed.
import { openReader } from "../../src/query/reader.ts";

const reader = openReader(process.argv[2] ?? "", () => undefined);
await reader.index.catchUp(Number.POSITIVE_INFINITY);
process.stdout.write("done");
setInterval(() => undefined, 1000);
