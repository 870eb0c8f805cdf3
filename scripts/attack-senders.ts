// The attacker of scripts/attack, as a process of its own: connections to 127.0.0.1 that never deliver anything.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { chunk, requestHead } from "../test/helpers/raw.ts";

const CONNECTIONS_MAX = 5_000;
const SECONDS_MAX = 120;
const CHURN_MS = 800;
const REOPEN_MS = 50;
const OPEN_AT_ONCE = 250;
const ONE_BYTE_CHUNKS_PER_SECOND = 200_000;
const PUMP_MS = 20;

const [kind = "", connectionsText, addressesText, portText, secondsText] = process.argv.slice(2);
const connections = Math.min(Number(connectionsText), CONNECTIONS_MAX);
const addresses = Number(addressesText);
const port = Number(portText);
const endMs = performance.now() + Math.min(Number(secondsText), SECONDS_MAX) * 1000;

const signature = () => ({
  "ElevenLabs-Signature": `t=${Math.floor(Date.now() / 1000)},v0=${"0".repeat(64)}`,
});
const whole = (byteCount: number) =>
  `${requestHead({ ...signature(), "Content-Length": String(byteCount) })}${" ".repeat(byteCount)}`;
const oneByteChunk = chunk(" ");

type Kind = {
  /** What is sent first on a connection. */
  start: (index: number) => string;
  /** What is sent on it again and again. */
  next?: { everyMs: number; text: () => string | Buffer };
  /** The connection is given up after this time. */
  lifeMs?: number;
  /** All connections begin in the same moment, once every so often. */
  isBurst?: boolean;
};

const kinds: Record<string, Kind> = {
  idle: { start: () => "" },
  "slow-header": {
    start: () => "POST /webhook HTTP/1.1\r\nX-Slow: ",
    next: { everyMs: 1_000, text: () => "x" },
  },
  "slow-body": {
    start: (index) =>
      `${requestHead({ ...signature(), "Content-Length": index % 4 === 3 ? "250000" : "15000" })} `,
  },
  churn: {
    start: () => `${requestHead({ ...signature(), "Content-Length": "15000" })} `,
    lifeMs: CHURN_MS,
  },
  burst: { start: () => whole(1_000), lifeMs: 2_000, isBurst: true },
  "wrong-signature": { start: () => whole(10_000), next: { everyMs: 1_000, text: () => whole(10_000) } },
  "one-byte-chunks": {
    start: () => requestHead({ ...signature(), "Transfer-Encoding": "chunked" }),
    next: {
      everyMs: PUMP_MS * Math.max(1, Math.ceil(connections / 50)),
      text: () =>
        Buffer.alloc(
          oneByteChunk.byteLength *
            Math.max(
              1,
              Math.floor(
                ((ONE_BYTE_CHUNKS_PER_SECOND / 1000) * PUMP_MS * Math.max(1, Math.ceil(connections / 50))) /
                  connections,
              ),
            ),
          oneByteChunk,
        ),
    },
  },
};

const chosen = kinds[kind];
if (chosen === undefined) throw new Error(`${kind} is none of ${Object.keys(kinds).join(", ")}`);

let opened = 0;
let closed = 0;
const answers = new Map<string, number>();
const isOver = () => performance.now() > endMs;

await Promise.all(Array.from({ length: connections }, (_, index) => keepOpen(chosen, index)));
console.log(JSON.stringify({ opened, closed, answers: Object.fromEntries(answers) }));
process.exit(0);

/** One connection after another, until it is over. */
async function keepOpen(what: Kind, index: number): Promise<void> {
  await Bun.sleep(Math.floor(index / OPEN_AT_ONCE) * 20);
  while (!isOver()) {
    await attackOnce(what, index);
    await Bun.sleep(REOPEN_MS);
  }
}

async function attackOnce({ start, next, lifeMs, isBurst }: Kind, index: number): Promise<void> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    localAddress: `127.0.0.${2 + (index % addresses)}`,
    noDelay: true,
  });
  socket.on("error", () => {});
  socket.on("data", count);
  const end = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const isOpen = await Promise.race([
    new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true))),
    end.then(() => false),
    leftMs().then(() => false),
  ]);
  if (!isOpen) return void socket.destroy();
  opened += 1;
  if (isBurst === true) await Bun.sleep(2_000 - (Date.now() % 2_000));
  socket.write(start(index));
  const timer = next === undefined ? null : setInterval(() => write(socket, next.text()), next.everyMs);
  await Promise.race([end, lifeMs === undefined ? leftMs() : Bun.sleep(lifeMs)]);
  if (timer !== null) clearInterval(timer);
  socket.destroy();
  closed += 1;
}

/** Nothing piles up on our side. */
function write(socket: Socket, text: string | Buffer): void {
  if (socket.writableLength < 64 * 1024) socket.write(text);
}

function leftMs(): Promise<void> {
  return Bun.sleep(Math.max(0, endMs - performance.now()));
}

function count(bytes: Buffer): void {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(bytes.subarray(0, 16).toString("latin1"))?.[1] ?? "other";
  answers.set(status, (answers.get(status) ?? 0) + 1);
}
