// The thread that sends events to the destinations. An entry of the executable of its own, beside main.ts.
import { parentPort, workerData } from "node:worker_threads";
import type { Forwarder, ForwarderOptions } from "./forward/forwarder.ts";
import { ForwardFileError } from "./forward/sqlite/file.ts";
import { runEmbedded } from "./forward/sqlite/run.ts";
import type {
  ForwardNote,
  ForwardPlace,
  ForwardRequest,
  ForwardThreadOptions,
} from "./forward/thread-messages.ts";
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

async function start(): Promise<Forwarder> {
  // The code that starts this thread passes them.
  const { place, ...configured } = workerData as ForwardThreadOptions;
  const forwarder = await forward(place, {
    ...configured,
    clock: systemClock,
    tell: (level, message, fields) => post({ kind: "line", level, message, fields }),
    show(destinations) {
      const text = JSON.stringify(destinations);
      if (text === shown) return;
      shown = text;
      post({ kind: "figures", destinations });
    },
  });
  forwarder.done.catch(fail);
  return forwarder;
}

async function forward(place: ForwardPlace, options: ForwarderOptions): Promise<Forwarder> {
  if (place.kind === "embedded") return runEmbedded(place.databasePath, options);
  const { runShared } = await import("./forward/postgres/run.ts");
  const { openBucket } = await import("./store/objects/objects.ts");
  const tell = (message: string) => options.tell("warning", message, {});
  const log = { debug() {}, info() {}, warning: tell, error: tell };
  const bucket = openBucket({ objects: place.objects, log });
  return runShared(place.databaseUrl, { ...options, bodies: bucket.blobsOf("bodies") });
}

const started = start();
started.catch(fail);

parentPort?.on("message", async (request: ForwardRequest) => {
  if (request !== "stop") return;
  await started.then(({ stop }) => stop()).catch(() => {});
  post({ kind: "stopped" });
});
