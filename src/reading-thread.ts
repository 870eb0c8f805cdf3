// The thread that reads what is stored: it is asked for operations, one message each. An entry of the executable of its
// own, beside main.ts.
import { parentPort, workerData } from "node:worker_threads";
import { compileAsUsual } from "./platform/jit.ts";
import { errorCode } from "./platform/errors.ts";
import { lowerThreadPriority } from "./platform/priority.ts";
import { operations } from "./query/operations.ts";
import type { ThreadAnswer, ThreadNote, ThreadOptions, ThreadRequest } from "./query/operations.ts";
import { openReader } from "./query/reader.ts";

compileAsUsual();
// Deliveries go first.
lowerThreadPriority();

// The code that starts this thread passes them.
const options = workerData as ThreadOptions;
const reader = openReader(options, (level, note, fields = {}) =>
  parentPort?.postMessage({ level, note, fields } satisfies ThreadNote),
);
reader.index.follow();

parentPort?.on("message", async (request: ThreadRequest) => parentPort?.postMessage(await answerTo(request)));

async function answerTo({ id, name, argument }: ThreadRequest): Promise<ThreadAnswer> {
  try {
    // The argument is what the operation of this name takes: `ask` makes sure of it.
    return { id, result: await operations[name](reader, argument as never) };
  } catch (error) {
    return { id, problem: errorCode(error) };
  }
}
