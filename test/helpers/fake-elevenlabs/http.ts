import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

// HTTP by hand: a real server would not cut an answer, leave out its length, or wait in the middle of it.

const BYTES_MAX = 1024 ** 2;

export type HttpRequest = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Map<string, string>;
  body: string;
};

export type HttpAnswer = {
  status: number;
  headers?: Record<string, string>;
  /** null: the connection is closed without an answer. */
  body: Uint8Array | string | null;
  /** How the end of the body is told. */
  framing?: "length" | "chunked" | "until close";
  /** Closed after that many bytes of the body. */
  cutAfterBytes?: number;
  /** Before the first byte. */
  waitMs?: number;
  /** The body in pieces of this size, each after that time. */
  drip?: { bytes: number; everyMs: number };
  /** Called once it has gone out, or its reader has. */
  onSent?: () => void;
};

export type HttpServer = { port: number; stop: () => Promise<void> };

/** Serves HTTP on this machine. */
export async function serveHttp(answer: (request: HttpRequest) => HttpAnswer, port = 0): Promise<HttpServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The client hangs up whenever it likes.
    socket.on("error", () => undefined);
    talk(socket, answer);
  });
  const listening = Promise.withResolvers<void>();
  server.on("error", listening.reject);
  server.listen(port, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  return {
    // Of a server that listens on a port.
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

/** Answers the requests of one connection, one after the other. */
function talk(socket: Socket, answer: (request: HttpRequest) => HttpAnswer): void {
  let waiting = Buffer.alloc(0);
  let isBusy = false;
  const work = async () => {
    isBusy = true;
    for (let read = readRequest(waiting); read !== null; read = readRequest(waiting)) {
      waiting = waiting.subarray(read.bytes);
      const what = answer(read.request);
      await write(socket, what);
      what.onSent?.();
    }
    isBusy = false;
  };
  socket.on("data", (piece) => {
    waiting = Buffer.concat([waiting, piece]);
    if (waiting.length > BYTES_MAX) socket.destroy();
    if (!isBusy) void work();
  });
}

/** null: it is not complete. @throws if it is no request */
function readRequest(waiting: Buffer): { request: HttpRequest; bytes: number } | null {
  const end = waiting.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [first = "", ...lines] = waiting.subarray(0, end).toString("latin1").split("\r\n");
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(first) ?? [];
  if (method === undefined || target === undefined) throw new Error(`no request: ${first}`);
  const headers = new Map(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  const bytes = end + 4 + Number(headers.get("content-length") ?? 0);
  if (waiting.length < bytes) return null;
  const url = new URL(target, "http://fake");
  const body = waiting.subarray(end + 4, bytes).toString();
  return { request: { method, path: url.pathname, query: url.searchParams, headers, body }, bytes };
}

async function write(socket: Socket, answer: HttpAnswer): Promise<void> {
  const { status, framing = "length", cutAfterBytes, drip } = answer;
  if (answer.waitMs !== undefined) await Bun.sleep(answer.waitMs);
  if (answer.body === null) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(answer.body);
  const headers = { ...answer.headers, ...framingHeaders(framing, body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n`);

  const sent = body.subarray(0, cutAfterBytes ?? body.length);
  const size = drip?.bytes ?? 65_536;
  for (let at = 0; at < sent.length && !socket.destroyed; at += size) {
    if (drip !== undefined) await Bun.sleep(drip.everyMs);
    await put(socket, framed(sent.subarray(at, at + size), framing));
  }
  if (cutAfterBytes === undefined && framing === "chunked") socket.write("0\r\n\r\n");
  // What was written goes out first.
  if (cutAfterBytes !== undefined || framing === "until close") socket.end();
}

function framingHeaders(framing: HttpAnswer["framing"], { length }: Buffer): Record<string, string> {
  if (framing === "chunked") return { "transfer-encoding": "chunked" };
  return framing === "length" ? { "content-length": String(length) } : { connection: "close" };
}

function framed(piece: Buffer, framing: HttpAnswer["framing"]): Buffer {
  if (framing !== "chunked") return piece;
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
}

/** Waits for a slow reader, so that the fake itself needs little memory. */
async function put(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.write(bytes) || socket.destroyed) return;
  const drained = Promise.withResolvers<void>();
  socket.once("drain", drained.resolve);
  socket.once("close", drained.resolve);
  await drained.promise;
  socket.off("drain", drained.resolve);
  socket.off("close", drained.resolve);
}
