import type { AnyElysia } from "elysia";
import { reachableHost } from "../platform/address.ts";
import type { AddressList } from "../platform/address.ts";
import { portFault, tryToListen } from "../platform/port.ts";
import { createConnections, IDLE_SECONDS } from "./connections.ts";
import { errorResponse } from "./errors.ts";

export type Server = {
  /** Where it listens, as a URL for people on this machine. */
  url: string;
  /** From now on each answer is the last one on its connection, so that the sender's next request goes elsewhere. */
  leave: () => void;
  /** Takes `leave` back. */
  stay: () => void;
  /** Accepts no new connections; resolves when the open ones are done. */
  stop: () => Promise<void>;
  /** Cuts what is still open. */
  stopNow: () => Promise<void>;
};

/** What answers requests, and finds the connection of each through `server`. */
export type Application = Pick<AnyElysia, "fetch" | "server">;

/**
 * Listens for an application, so that a successor can share the port while this process hands over to it (`reusePort`).
 * A port that anything else has is a problem: without trying, the two would share it in silence. The check before the data
 * is opened tries too, but somebody may have taken it since.
 *
 * @param isShared the predecessor still has the port
 */
export function listen(
  app: Application,
  options: {
    host: string;
    port: number;
    trustedProxies: AddressList;
    tls: { cert: string; key: string } | null;
    isShared?: boolean;
  },
): { kind: "listening"; server: Server } | { kind: "failed"; problem: string } {
  const { host, port, tls, isShared = false } = options;
  const connections = createConnections(options.trustedProxies);
  let isLeaving = false;
  try {
    const failure = isShared ? null : tryToListen(host, port);
    if (failure !== null) throw failure;
    const server = Bun.serve({
      async fetch(request, self) {
        connections.keepProxy(request, self);
        const response: Response = await app.fetch(request);
        if (isLeaving) response.headers.set("connection", "close");
        return response;
      },
      hostname: host,
      port,
      reusePort: true,
      development: false,
      ...(tls === null ? {} : { tls }),
      idleTimeout: IDLE_SECONDS,
      // Ours is enforced while streaming. The runtime's own cuts the connection, passes by our log, and would fire first:
      // it counts what is buffered too. The rest of a refused body is dropped as it comes.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      error: () => errorResponse("storage_failed"),
    });
    // Plugins find the connection of a request through it.
    app.server = server;
    const listening: Server = {
      url: `${tls === null ? "http" : "https"}://${reachableHost(host)}:${server.port}`,
      leave: () => {
        isLeaving = true;
      },
      stay: () => {
        isLeaving = false;
      },
      stop: () => server.stop(),
      stopNow: () => server.stop(true),
    };
    return { kind: "listening", server: listening };
  } catch (error) {
    const { text, remedy } = portFault(error, host, port);
    return { kind: "failed", problem: `port ${text}. ${remedy}` };
  }
}
