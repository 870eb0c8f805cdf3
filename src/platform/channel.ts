import { StringDecoder } from "node:string_decoder";
import type { Socket, SocketHandler } from "bun";

const LINE_CHARS_MAX = 1024 * 1024;

/** A way to another process, on which either side sends lines of JSON. */
export type Channel = {
  send: (message: object) => void;
  /** Closes it once everything is sent. */
  close: () => void;
  /** What the other side has not taken yet. */
  unsentBytes: () => number;
  /** Of its socket; null if the runtime does not tell. */
  descriptor: number | null;
};

type ChannelEvents = {
  /** What the other side sent: any JSON value, and the length of its text. */
  onMessage: (message: unknown, chars: number) => void;
  /** Called once, also if the other process has ended. */
  onClose: () => void;
};

type Peer = ChannelEvents & { flush: () => void; decoder: StringDecoder; line: string };

/** The handlers of a socket whose ends are channels; `accept` is called with each as it opens. */
export function channelSocket(accept: (channel: Channel) => ChannelEvents): SocketHandler<Peer | undefined> {
  return {
    open(socket) {
      const { channel, flush } = sender(socket);
      socket.data = { ...accept(channel), flush, decoder: new StringDecoder(), line: "" };
    },
    data(socket, bytes) {
      if (socket.data !== undefined) receive(socket, socket.data, bytes);
    },
    drain: (socket) => socket.data?.flush(),
    close(socket) {
      socket.data?.onClose();
      socket.data = undefined;
    },
    // "close" follows.
    error() {},
  };
}

/** Makes a channel of a socket that this process has inherited, or passes on. */
export async function openChannel(
  descriptor: number,
  socket: ReturnType<typeof channelSocket>,
): Promise<void> {
  // bun-types describes such options (FdSocketOptions), and has no overload of `connect` that takes them.
  const options: unknown = { fd: descriptor, socket };
  await Bun.connect(options as Bun.UnixSocketOptions<Peer | undefined>);
}

function sender(socket: Socket<Peer | undefined>): { channel: Channel; flush: () => void } {
  let pending = Buffer.alloc(0);
  let isEnding = false;
  const flush = () => {
    pending = pending.subarray(Math.max(0, socket.write(pending)));
    if (isEnding && pending.byteLength === 0) socket.end();
  };
  const channel = {
    send(message: object) {
      pending = Buffer.concat([pending, Buffer.from(`${JSON.stringify(message)}\n`)]);
      flush();
    },
    close() {
      isEnding = true;
      flush();
    },
    unsentBytes: () => pending.byteLength,
    // bun-types knows it of options only.
    descriptor: "fd" in socket && typeof socket.fd === "number" ? socket.fd : null,
  };
  return { channel, flush };
}

function receive(socket: Socket<Peer | undefined>, peer: Peer, bytes: Buffer): void {
  const lines = (peer.line + peer.decoder.write(bytes)).split("\n");
  peer.line = lines.pop() ?? "";
  for (const line of lines) {
    const message = parse(line);
    if (message === undefined) return socket.terminate();
    peer.onMessage(message, line.length);
  }
  if (peer.line.length > LINE_CHARS_MAX) socket.terminate();
}

/** undefined if it is not JSON */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
