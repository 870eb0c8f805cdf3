import { writeSync } from "node:fs";

const PENDING_BYTES_MAX = 1024 * 1024;
const RETRY_MS = 50;

type Output = {
  /** Takes whole lines. */
  write: (text: string) => void;
  /** Waits until what was written is out, at most `msMax`. */
  drain: (msMax: number) => Promise<void>;
};

/** Text on its way out, and the lines that are lost with it: its own, and those that its notice counts. */
type Piece = { bytes: Buffer; lines: number };

/**
 * Opens standard output or standard error for writing that never blocks, throws or grows without bound: a log that
 * nobody reads, a full disk or a closed pipe must not stop the service. Up to 1 MiB waits for a slow reader; what comes
 * on top is dropped and counted, and the count is written once there is room again.
 */
export function createOutput(descriptor: 1 | 2): Output {
  // Touching the stream makes Bun set O_NONBLOCK on a pipe: a full pipe then answers EAGAIN instead of blocking us.
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  stream.on("error", () => {});

  const pending: Piece[] = [];
  let pendingBytes = 0;
  let droppedLines = 0;
  let retry: ReturnType<typeof setTimeout> | null = null;

  const flush = (): void => {
    retry = null;
    try {
      for (let [next] = pending; next !== undefined; [next] = pending) {
        const written = writeSync(descriptor, next.bytes);
        pendingBytes -= written;
        next.bytes = next.bytes.subarray(written);
        if (next.bytes.byteLength === 0) pending.shift();
      }
    } catch (error) {
      if (isTemporary(error)) {
        retry = setTimeout(flush, RETRY_MS);
        retry.unref();
        return;
      }
      // ENOSPC, EPIPE, EIO: this text is lost. The next line tries again, so that a log disk with room again is used.
      for (const { lines } of pending.splice(0)) droppedLines += lines;
      pendingBytes = 0;
    }
  };

  return {
    write(text) {
      let lines = text.split("\n").length - 1;
      if (pendingBytes > PENDING_BYTES_MAX) {
        droppedLines += lines;
        return;
      }
      let notice = "";
      if (droppedLines > 0 && pendingBytes === 0) {
        notice = `(${droppedLines} log lines were lost)\n`;
        lines += droppedLines;
        droppedLines = 0;
      }
      const bytes = Buffer.from(`${notice}${text}`);
      pending.push({ bytes, lines });
      pendingBytes += bytes.byteLength;
      if (retry === null) flush();
    },
    async drain(msMax) {
      for (let waitedMs = 0; waitedMs < msMax; waitedMs += RETRY_MS) {
        if (pending.length === 0) return;
        await Bun.sleep(RETRY_MS);
      }
    },
  };
}

function isTemporary(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EINTR");
}
