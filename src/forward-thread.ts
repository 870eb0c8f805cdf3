// The thread that sends events to the destinations. An entry of the executable of its own, beside main.ts.
import { parentPort, workerData } from "node:worker_threads";
import { startForwarder } from "./forward/forwarder.ts";
import { openForwardData } from "./forward/sqlite/data.ts";
import { ForwardFileError } from "./forward/sqlite/file.ts";
import type { ForwardNote, ForwardRequest, ForwardThreadOptions } from "./forward/thread-messages.ts";
import { systemClock } from "./platform/clock.ts";
import { faultText } from "./platform/faults.ts";
import { compileAsUsual } from "./platform/jit.ts";
import { lowerThreadPriority } from "./platform/priority.ts";

compileAsUsual();
// Deliveries go first.
lowerThreadPriority();

const post = (note: ForwardNote): void => parentPort?.postMessage(note);
let shown = "";

/** Ends this thread: the process logs why, and starts another one. */
function fail(error: unknown): void {
  const problem = error instanceof ForwardFileError ? error.message : faultText(error);
  post({ kind: "failed", problem });
}

async function start(): Promise<{ stop: () => Promise<void> }> {
  // The code that starts this thread passes them.
  const { databasePath, ...options } = workerData as ForwardThreadOptions;
  const data = openForwardData(databasePath);
  const forwarder = await startForwarder({
    ...options,
    data,
    clock: systemClock,
    tell: (level, message, fields) => post({ kind: "line", level, message, fields }),
    show(destinations) {
      const text = JSON.stringify(destinations);
      if (text === shown) return;
      shown = text;
      post({ kind: "figures", destinations });
    },
  });
  void forwarder.done.catch(fail);
  return { stop: () => forwarder.stop().finally(data.close) };
}

const started = start();
started.catch(fail);

parentPort?.on("message", async (request: ForwardRequest) => {
  if (request !== "stop") return;
  await started.then(({ stop }) => stop()).catch(() => {});
  post({ kind: "stopped" });
});
