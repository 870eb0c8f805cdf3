import { connect } from "node:net";
import { sign, transcription } from "./deliveries.ts";
import { requestHead } from "./raw.ts";

const ANSWER_MS_MAX = 15_000;
const HEAD_END = "\r\n\r\n";

/** What a load has seen. */
export type LoadResult = { answered: number; failures: string[] };

/**
 * Delivers transcripts one after another on so many connections, as strict as a sender can be: a delivery that gets no
 * answer, or another one than 200, is a failure and is not repeated.
 *
 * @param isKeptAlive the connection is used again until an answer closes it; otherwise each delivery has its own
 * @param delayMs from the connection to its first delivery, as a handshake or the way through a network takes
 */
export function startLoad(options: {
  port: number;
  connections: number;
  isKeptAlive: boolean;
  name: string;
  delayMs?: number;
}) {
  const { port, connections, isKeptAlive, name, delayMs = 0 } = options;
  const result: LoadResult = { answered: 0, failures: [] };
  let isOver = false;
  let count = 0;

  /** Delivers on one connection until that is closed. */
  function useConnection(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let received = "";
    let isWaiting = false;
    let problem = "closed without an answer";

    function deliver(): void {
      count += 1;
      const body = transcription(`conv_${name}_${count}`);
      const head: Record<string, string> = {
        "ElevenLabs-Signature": sign(body),
        "Content-Length": String(body.length),
      };
      if (!isKeptAlive) head.Connection = "close";
      isWaiting = true;
      received = "";
      socket.write(requestHead(head) + body);
    }

    socket.setTimeout(ANSWER_MS_MAX, () => {
      problem = "no answer in time";
      socket.destroy();
    });
    let hasConnected = false;
    socket.on("connect", () => {
      hasConnected = true;
      isWaiting = true;
      if (delayMs === 0) deliver();
      else setTimeout(() => socket.writable && deliver(), delayMs);
    });
    socket.on("data", (bytes) => {
      received += bytes.toString();
      const [head = "", body] = received.split(HEAD_END);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (body === undefined || body.length < length) return;
      isWaiting = false;
      if (head.startsWith("HTTP/1.1 200 ")) result.answered += 1;
      else result.failures.push(head.split("\r\n")[0] ?? "");
      if (isOver || /connection: close/i.test(head) || !isKeptAlive) socket.end();
      else deliver();
    });
    socket.on("error", (error) => (problem = error.message));
    socket.on("close", () => {
      // Not even a connection is a failure too.
      if (isWaiting || !hasConnected) result.failures.push(problem);
      resolve();
    });
    return promise;
  }

  const done = Promise.all(
    Array.from({ length: connections }, async () => {
      while (!isOver) await useConnection();
    }),
  );
  return {
    result,
    async stop(): Promise<LoadResult> {
      isOver = true;
      await done;
      return result;
    },
  };
}
