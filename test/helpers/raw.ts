import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** A connection on which every byte is ours to choose. */
export type RawConnection = Awaited<ReturnType<typeof openRaw>>;

export type RawResponse = { status: number; headers: Map<string, string>; body: string };

const ANSWER_MS_MAX = 20_000;
const POLL_MS = 5;

/** How to connect: from another loopback address than 127.0.0.1, such as 127.0.0.2, and by TLS, where told. */
export type RawOptions = { host?: string; localAddress?: string; isTls?: boolean };

/** Connects to a port of this machine. */
export async function openRaw(port: number, { isTls = false, ...addresses }: RawOptions = {}) {
  const options = { port, host: "127.0.0.1", ...addresses };
  const socket = isTls
    ? connectTls({ ...options, rejectUnauthorized: false })
    : connect({ ...options, noDelay: true });
  let received = Buffer.alloc(0);
  let isClosed = false;
  socket.on("data", (bytes: Buffer) => (received = Buffer.concat([received, bytes])));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve())).then(
    () => (isClosed = true),
  );
  // A peer that hangs up is what some tests wait for; "close" follows.
  socket.on("error", () => {});
  await Promise.race([
    new Promise((resolve) => socket.once(isTls ? "secureConnect" : "connect", resolve)),
    closed,
  ]);

  return {
    /** Writes, and waits where the peer is slower than we are. Returns false where it has hung up. */
    async write(bytes: string | Uint8Array): Promise<boolean> {
      if (isClosed) return false;
      await Promise.race([new Promise<void>((resolve) => socket.write(bytes, () => resolve())), closed]);
      return !isClosed;
    },

    /** The next response on this connection. */
    async response({ hasBody = true } = {}): Promise<RawResponse> {
      const deadlineMs = performance.now() + ANSWER_MS_MAX;
      for (;;) {
        const parsed = parseResponse(received, hasBody);
        if (parsed !== null) {
          received = received.subarray(parsed.byteCount);
          return parsed.response;
        }
        if (isClosed || performance.now() > deadlineMs) {
          throw new Error(`no answer, ${isClosed ? "closed" : "open"}, after "${received.toString()}"`);
        }
        await Bun.sleep(POLL_MS);
      }
    },

    /** Resolves when the peer has hung up. */
    closed,
    close: () => socket.destroy(),
  };
}

/** The head of a request to the webhook, with its blank line. */
export function requestHead(headers: Record<string, string>, start = "POST /webhook HTTP/1.1"): string {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${[start, ...lines].join("\r\n")}\r\n\r\n`;
}

/** One piece of a body that is sent in chunks; an empty one ends the body. */
export function chunk(bytes: string | Uint8Array): Buffer {
  const data = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${data.byteLength.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
}

function parseResponse(bytes: Buffer, hasBody: boolean): { response: RawResponse; byteCount: number } | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [statusLine = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const bodyBytes = hasBody && status >= 200 ? Number(headers.get("content-length") ?? 0) : 0;
  const byteCount = headEnd + 4 + bodyBytes;
  if (bytes.byteLength < byteCount) return null;
  const body = bytes.subarray(headEnd + 4, byteCount).toString();
  return { response: { status, headers, body }, byteCount };
}
