import type { AnyElysia } from "elysia";
import type { AddressList } from "../platform/address.ts";
import { hasCode } from "../platform/errors.ts";
import { tryToListen } from "../platform/port.ts";
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
 * Anybody else who has the port is a problem to be told: without the check the two would share it in silence.
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
): Server | { problem: string } {
  const { host, port, tls, isShared = false } = options;
  const connections = createConnections(options.trustedProxies);
  let isLeaving = false;
  try {
    const taken = isShared ? null : tryToListen(host, port);
    if (taken !== null) return { problem: whyNotListening(taken, host, port) };
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
    const shownHost = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    return {
      url: `${tls === null ? "http" : "https"}://${shownHost.includes(":") ? `[${shownHost}]` : shownHost}:${server.port}`,
      leave: () => {
        isLeaving = true;
      },
      stay: () => {
        isLeaving = false;
      },
      stop: () => server.stop(),
      stopNow: () => server.stop(true),
    };
  } catch (error) {
    return { problem: whyNotListening(error, host, port) };
  }
}

function whyNotListening(error: unknown, host: string, port: number): string {
  if (hasCode(error, "EADDRINUSE")) {
    return `port ${port} is taken, by another program or another instance: stop it, or set ELEVENLABS_WEBHOOK_PORT to a free one`;
  }
  if (hasCode(error, "EACCES")) {
    return `port ${port} needs more rights: use one above 1023, or put a proxy in front`;
  }
  return `can't listen on ${host}, port ${port} (${error instanceof Error ? error.message : "unknown"}): check ELEVENLABS_WEBHOOK_HOST`;
}
