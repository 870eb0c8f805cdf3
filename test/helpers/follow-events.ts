// Follows a database's events with a search index, as the thread does, until it is killed.
import { openReader } from "../../src/query/reader.ts";

const reader = openReader({ databasePath: process.argv[2] ?? "", recordingsFolder: "" }, () => undefined);
await reader.index.catchUp(Number.POSITIVE_INFINITY);
process.stdout.write("done");
setInterval(() => undefined, 1000);
