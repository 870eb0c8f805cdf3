import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

/** One address before several receivers. */
export type Balancer = Awaited<ReturnType<typeof startBalancer>>;

/** Gives each connection to the next port in turn; one that refuses it, or was taken out, is passed over. */
export async function startBalancer(ports: readonly number[]) {
  const out = new Set<number>();
  const sockets = new Set<Socket>();
  let turn = 0;

  const server = createServer({ noDelay: true }, (client) => {
    track(client);
    void forward(client);
  });

  async function forward(client: Socket): Promise<void> {
    const first = turn;
    turn += 1;
    for (let tries = 0; tries < ports.length; tries += 1) {
      const port = ports[(first + tries) % ports.length] ?? 0;
      if (out.has(port)) continue;
      const upstream = await open(port);
      if (upstream === null) continue;
      track(upstream);
      client.pipe(upstream);
      upstream.pipe(client);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      return;
    }
    client.destroy();
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the balancer has no port");
  return {
    port: address.port,
    /** As a failed health check does: new connections pass it over. */
    takeOut: (port: number) => void out.add(port),
    takeIn: (port: number) => void out.delete(port),
    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function open(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(null));
  });
}
