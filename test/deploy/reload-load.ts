// Hands over again and again under load, and writes as JSON what became of each request. A program of its own, so that it
// can run in a network namespace of its own: `reload.test.ts` starts it there.
import { handOver, processIds, stopAll, untilOutput } from "../helpers/reload.ts";
import { chunk, openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";
import { startLoad } from "../helpers/steady-load.ts";
import { largeAudio } from "../helpers/stream.ts";

/** What became of a run. */
export type HandoverRun = {
  answered: number;
  failures: string[];
  handovers: number;
  /** Recordings that were on their way while it was handed over, and how many of them are stored to the byte. */
  recordings: { sent: number; stored: number };
  /** Rows, one for each answer of 200. */
  events: number;
};

const RECORDING_BYTES = 100_000_000;
const PIECE_PAUSE_MS = 8;
const CONNECTIONS = 6;
const HANDSHAKE_MS = 30;
const BETWEEN_MS = 500;
const RUN_MS_MAX = 240_000;

const [requests = 100_000] = process.argv.slice(2).map(Number);
const receiver = await startReceiver({ environment: { LOG_LEVEL: "INFO" } });
const { port } = receiver;
const loads = [
  startLoad({ port, connections: CONNECTIONS, isKeptAlive: true, name: "kept" }),
  startLoad({ port, connections: CONNECTIONS, isKeptAlive: false, name: "new" }),
  startLoad({ port, connections: CONNECTIONS, isKeptAlive: false, name: "late", delayMs: HANDSHAKE_MS }),
];
const answered = () => loads.reduce((sum, { result }) => sum + result.answered, 0);
const deadlineMs = performance.now() + RUN_MS_MAX;
const isOver = () => answered() >= requests || performance.now() > deadlineMs;

const expected = new Map<string, string>();

/** One after another, each slow enough to see several handovers. */
async function sendRecordings(): Promise<string[]> {
  const failures: string[] = [];
  while (!isOver()) {
    const recording = largeAudio(`conv_recording_${expected.size}`, RECORDING_BYTES);
    expected.set(recording.conversationId, recording.recordingSha256());
    const connection = await openRaw(receiver.port);
    const head = { "ElevenLabs-Signature": recording.signature(), "Transfer-Encoding": "chunked" };
    await connection.write(requestHead(head));
    for (const piece of recording.body()) {
      await connection.write(chunk(piece));
      await Bun.sleep(PIECE_PAUSE_MS);
    }
    await connection.write(chunk(""));
    try {
      const { status } = await connection.response();
      if (status !== 200) failures.push(`recording: ${status}`);
    } catch (error) {
      failures.push(`recording: ${String(error).slice(0, 100)}`);
    }
    connection.close();
  }
  return failures;
}

const recordings = sendRecordings();
while (!isOver()) {
  await Bun.sleep(BETWEEN_MS);
  await handOver(receiver);
}
const failures = await recordings;
for (const load of loads) failures.push(...(await load.stop()).failures);
await untilOutput(receiver, "Handed over", processIds(receiver).length - 1);

const stored = receiver.rows<{ id: string; sha256: string }>(
  "SELECT conversation_id AS id, audio_sha256 AS sha256 FROM conversations WHERE audio_path IS NOT NULL",
);
const [{ n: events = 0 } = {}] = receiver.rows<{ n: number }>("SELECT count(*) AS n FROM events");
const run: HandoverRun = {
  answered: answered(),
  failures,
  handovers: processIds(receiver).length - 1,
  recordings: {
    sent: expected.size,
    stored: stored.filter(({ id, sha256 }) => expected.get(id) === sha256).length,
  },
  events,
};
await stopAll(receiver);
console.log(JSON.stringify(run));
