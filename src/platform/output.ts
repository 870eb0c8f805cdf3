import { writeSync } from "node:fs";

const PENDING_BYTES_MAX = 1024 * 1024;
const RETRY_MS = 50;

export type Output = {
  /** Takes whole lines. */
  write: (text: string) => void;
  /** Waits until what was written is out, at most `msMax`. */
  drain: (msMax: number) => Promise<void>;
};

/**
 * Opens standard output or standard error for writing that never blocks, throws or grows without bound: a log that
 * nobody reads, a full disk or a closed pipe must not stop the service. Up to 1 MiB waits for a slow reader; what comes
 * on top is dropped and counted, and the count is written once there is room again.
 */
export function createOutput(descriptor: 1 | 2): Output {
  // Touching the stream makes Bun set O_NONBLOCK on a pipe: a full pipe then answers EAGAIN instead of blocking us.
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  stream.on("error", () => {});

  let pending = Buffer.alloc(0);
  let droppedLines = 0;
  let retry: ReturnType<typeof setTimeout> | null = null;

  const flush = (): void => {
    retry = null;
    try {
      while (pending.byteLength > 0) pending = pending.subarray(writeSync(descriptor, pending));
    } catch (error) {
      if (isTemporary(error)) {
        retry = setTimeout(flush, RETRY_MS);
        retry.unref();
        return;
      }
      // ENOSPC, EPIPE, EIO: this text is lost. The next line tries again, so that a log disk with room again is used.
      droppedLines += countLines(pending);
      pending = Buffer.alloc(0);
    }
  };

  return {
    write(text) {
      if (pending.byteLength > PENDING_BYTES_MAX) {
        droppedLines += 1;
        return;
      }
      const notice =
        droppedLines > 0 && pending.byteLength === 0 ? `(${droppedLines} log lines were lost)\n` : "";
      if (notice !== "") droppedLines = 0;
      pending = Buffer.concat([pending, Buffer.from(`${notice}${text}`)]);
      if (retry === null) flush();
    },
    async drain(msMax) {
      for (let waitedMs = 0; pending.byteLength > 0 && waitedMs < msMax; waitedMs += RETRY_MS)
        await Bun.sleep(RETRY_MS);
    },
  };
}

function isTemporary(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EINTR");
}

function countLines(text: Buffer): number {
  let lines = 0;
  for (const byte of text) if (byte === 0x0a) lines += 1;
  return lines;
}
