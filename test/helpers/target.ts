import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { SECRET } from "./deliveries.ts";

/** A request as it arrived. */
export type Received = { method: string; path: string; headers: Headers; body: Buffer };

type Exchange = { received: Received[]; answer: (request: Received) => Response | Promise<Response> };

/** Somebody's receiver: it keeps what comes and answers as it is told. */
export function startTarget() {
  const folder = mkdtempSync(join(tmpdir(), "send-"));
  const environment: Record<string, string> = { ELEVENLABS_WEBHOOK_SECRET: SECRET };
  const exchange: Exchange = { received: [], answer: () => new Response("ok") };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const one: Received = {
        method: request.method,
        path: new URL(request.url).pathname,
        headers: request.headers,
        body: Buffer.from(await request.arrayBuffer()),
      };
      exchange.received.push(one);
      return exchange.answer(one);
    },
  });
  const url = `http://127.0.0.1:${server.port}/hook`;

  return Object.assign(exchange, {
    folder,
    environment,
    url,
    port: server.port,

    /** Runs `send` with this receiver as the one to send to. */
    send: (args: string[], options: Parameters<typeof runCommand>[1] = {}) =>
      runCommand(["send", "--url", url, ...args], { environment, folder, ...options }),

    /** The one request that has come. */
    only(): Received {
      const [one] = exchange.received;
      if (one === undefined || exchange.received.length > 1)
        throw new Error(`${exchange.received.length} requests came`);
      return one;
    },

    /** Forgets what has come, and answers with 200 again. */
    reset(): void {
      exchange.received = [];
      exchange.answer = () => new Response("ok");
    },

    async stop(): Promise<void> {
      await server.stop(true);
      rmSync(folder, { recursive: true });
    },
  });
}

/** The time in a request's signature. */
export function timestampOf({ headers }: Received): number {
  return Number(/^t=(\d+),/.exec(headers.get("elevenlabs-signature") ?? "")?.[1]);
}
