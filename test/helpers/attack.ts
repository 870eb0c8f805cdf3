import { join } from "node:path";
import { sign, transcription } from "./deliveries.ts";
import { chunk, openRaw, requestHead } from "./raw.ts";
import { largeAudio } from "./stream.ts";

const MB = 1000 * 1000;
const GOOD_PER_SECOND = 10;
/** A delivery that has no answer by then counts as lost. */
const ANSWER_MS_MAX = 15_000;

/** Other addresses than those of the attack, which are 127.0.0.2 to 127.0.0.9. */
export const GOOD_ADDRESS = "127.0.0.100";
/** Of a sender that has proven nothing before its recording is complete. */
export const RECORDING_ADDRESS = "127.0.0.101";

/** What unsigned connections do: scripts/attack-senders.ts has the kinds. */
export type Attack = { kind: string; connectionCount: number; addressCount: number; seconds: number };

/** Starts an attack by a process of its own; resolves with what that one says at its end. */
export function startAttack(port: number, attack: Attack): Promise<string> {
  const { kind, connectionCount, addressCount, seconds } = attack;
  const script = join(import.meta.dir, "../../scripts/attack-senders.ts");
  const numbers = [connectionCount, addressCount, port, seconds].map(String);
  const senders = Bun.spawn([process.execPath, script, kind, ...numbers], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return senders.stdout.text();
}

/** Delivers ten transcripts a second until something has ended; returns what became of each. */
export async function deliverUntil(
  end: Promise<unknown>,
  port: number,
): Promise<{ status: number | null; ms: number }[]> {
  let isOver = false;
  void end.finally(() => (isOver = true));
  const good: Promise<{ status: number | null; ms: number }>[] = [];
  while (!isOver) {
    good.push(deliver(port, `conv_good_${good.length}`));
    await Bun.sleep(1000 / GOOD_PER_SECOND);
  }
  return Promise.all(good);
}

async function deliver(port: number, conversationId: string) {
  const body = transcription(conversationId);
  const head = requestHead({ "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) });
  const startedMs = performance.now();
  const connection = await openRaw(port, { localAddress: GOOD_ADDRESS });
  const answered = connection.write(head + body).then(() => connection.response());
  const status = await Promise.race([answered, Bun.sleep(ANSWER_MS_MAX)])
    .then((response) => response?.status ?? null)
    .catch(() => null);
  connection.close();
  return { status, ms: performance.now() - startedMs };
}

/** Sends a signed recording in chunks at a steady 3 MB/s; returns the status of the answer, null if there is none. */
export async function sendRecording(port: number, megabytes: number): Promise<number | null> {
  const { body, signature } = largeAudio("conv_recording", megabytes * 0.75 * MB);
  const connection = await openRaw(port, { localAddress: RECORDING_ADDRESS });
  const headers = { "ElevenLabs-Signature": signature(), "Transfer-Encoding": "chunked" };
  await connection.write(requestHead(headers));
  const startedMs = performance.now();
  let sent = 0;
  for (const piece of body()) {
    await Bun.sleep(Math.max(0, startedMs + sent / (3 * 1000) - performance.now()));
    if (!(await connection.write(chunk(piece)))) break;
    sent += piece.byteLength;
  }
  await connection.write(chunk(""));
  const response = await connection.response().catch(() => null);
  connection.close();
  return response?.status ?? null;
}
