import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

/** PostgreSQL's ReadyForQuery outside of a transaction: what was sent before it is committed. */
const READY_AND_IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Sync, with which a client ends a message: until it comes, the transaction stays open, with its locks. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

/**
 * What happens once to the next request with a marker: it is lost before it reaches the server, or its answer is lost; or
 * the client freezes, with all but the end of the request sent, or half of it.
 */
type Trap = {
  marker: string;
  kind: "before" | "after" | "before its end" | "in its middle";
  onSprung: () => void;
};

type Pair = {
  client: Socket;
  server: Socket;
  isFrozen: boolean;
  /** null: its answer is not to be lost */
  onAnswerLost: (() => void) | null;
  tail: Buffer;
};

/** A network between a client and a server that a test can slow down, cut and silence. */
export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>;

/**
 * Forwards connections to a port of this machine.
 *
 * @param delayMs of each direction: a round trip takes twice as long
 */
export async function startTcpProxy(options: { port: number; delayMs?: number }) {
  const { port: targetPort, delayMs = 0 } = options;
  const pairs = new Set<Pair>();
  let isSilent = false;
  let trap: Trap | null = null;

  const server = createServer({ noDelay: true, allowHalfOpen: false }, (client) => {
    const upstream = connect({ port: targetPort, host: "127.0.0.1", noDelay: true });
    const pair: Pair = {
      client,
      server: upstream,
      isFrozen: false,
      onAnswerLost: null,
      tail: Buffer.alloc(0),
    };
    pairs.add(pair);
    client.on("data", (bytes) => {
      pass(pair, throughTrap(pair, bytes), "server");
    });
    upstream.on("data", (bytes) => {
      if (!isAnswerLost(pair, bytes)) pass(pair, bytes, "client");
    });
    for (const socket of [client, upstream]) {
      socket.on("error", () => {});
      // In a black hole nobody hears that the other one has gone.
      socket.on("close", () => {
        if (!isSilent && !pair.isFrozen) end(pair);
      });
    }
  });

  /** Bytes keep their order: all wait equally long. */
  function pass(pair: Pair, bytes: Buffer, to: "client" | "server"): void {
    // A black hole: the bytes are gone, and the connection stays.
    if (isSilent || bytes.byteLength === 0 || (pair.isFrozen && to === "client")) return;
    const [target, source] = to === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
    const write = () => {
      if (target.destroyed || target.write(bytes)) return;
      source.pause();
      target.once("drain", () => source.resume());
    };
    if (delayMs === 0) write();
    else setTimeout(write, delayMs);
  }

  function end(pair: Pair): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  /** What of a client's bytes goes on to the server. */
  function throughTrap(pair: Pair, bytes: Buffer): Buffer {
    if (pair.isFrozen) return Buffer.alloc(0);
    if (trap === null) return bytes;
    const { marker, kind, onSprung } = trap;
    const text = Buffer.concat([pair.tail, bytes]);
    pair.tail = text.subarray(-marker.length);
    if (!text.includes(marker)) return bytes;
    trap = null;
    pair.tail = Buffer.alloc(0);
    if (kind === "after") {
      pair.onAnswerLost = onSprung;
      return bytes;
    }
    onSprung();
    if (kind === "before") {
      end(pair);
      return Buffer.alloc(0);
    }
    pair.isFrozen = true;
    if (kind === "in its middle") return bytes.subarray(0, bytes.byteLength / 2);
    return bytes.subarray(0, bytes.lastIndexOf(SYNC));
  }

  function isAnswerLost(pair: Pair, bytes: Buffer): boolean {
    if (pair.onAnswerLost === null) return false;
    const text = Buffer.concat([pair.tail, bytes]);
    pair.tail = text.subarray(-READY_AND_IDLE.length);
    if (!text.includes(READY_AND_IDLE)) return true;
    end(pair);
    pair.onAnswerLost();
    return true;
  }

  function spring(marker: string, kind: Trap["kind"]): Promise<void> {
    return new Promise((resolve) => {
      trap = { marker, kind, onSprung: resolve };
    });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  return {
    port: address.port,
    connectionCount: () => pairs.size,

    /** Cuts every connection. */
    cut(): void {
      for (const pair of pairs) end(pair);
    },

    /** A black hole: connections stay and are made, and nothing gets through. What was lost meanwhile stays lost. */
    silence(): void {
      isSilent = true;
    },

    /** Ends the black hole, or the freezing; connections that went through it are cut. */
    speak(): void {
      isSilent = false;
      for (const pair of pairs) end(pair);
    },

    /**
     * Loses the next request in which some text stands, before it reaches the server, or else only its answer, once the
     * server has committed (PostgreSQL). The connection is cut. Resolves then.
     */
    loseNext: (marker: string, kind: "before" | "after") => spring(marker, kind),

    /** Freezes the client of the next request with some text: nothing more of its connection gets through until `speak`. */
    freezeNext: (marker: string, kind: "before its end" | "in its middle") => spring(marker, kind),

    async stop(): Promise<void> {
      for (const pair of pairs) end(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
