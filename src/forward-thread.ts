// The thread that sends events to the destinations. An entry of the executable of its own, beside main.ts.
import { parentPort, workerData } from "node:worker_threads";
import { ForwardFileError } from "./forward/file.ts";
import { startForwarder } from "./forward/forwarder.ts";
import type { Forwarder } from "./forward/forwarder.ts";
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

function start(): Forwarder | null {
  try {
    return startForwarder({
      // The code that starts this thread passes them.
      ...(workerData as ForwardThreadOptions),
      clock: systemClock,
      tell: (level, message, fields) => post({ kind: "line", level, message, fields }),
      show(destinations) {
        const text = JSON.stringify(destinations);
        if (text === shown) return;
        shown = text;
        post({ kind: "figures", destinations });
      },
    });
  } catch (error) {
    fail(error);
    return null;
  }
}

const forwarder = start();
void forwarder?.done.catch(fail);

parentPort?.on("message", async (request: ForwardRequest) => {
  if (request !== "stop") return;
  await forwarder?.stop().catch(() => {});
  post({ kind: "stopped" });
});
