// The work behind scripts/crash-test. Everything acknowledged with 200 must be in the database and on disk afterwards,
// no partial recording may be visible, and no temporary file may be left once the receiver answers again.
import { Database } from "bun:sqlite";
import { randomBytes, randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { audio, sign, transcription } from "../test/helpers/deliveries.ts";
import { startReceiver } from "../test/helpers/receiver.ts";
import type { Receiver } from "../test/helpers/receiver.ts";

const CONNECTIONS = 8;
const LIFE_MS_MAX = 400;
const RECORDING_BYTES_MAX = 600_000;

type Sent = { conversationId: string; recordingSha256: string | null };

const killsWanted = Number(process.argv[2] ?? 50);
const folder = mkdtempSync(join(tmpdir(), "crash-test-"));
const acknowledged: Sent[] = [];
const recordingsSent = new Map<string, string>();
const faults: string[] = [];
let count = 0;

for (let kill = 1; kill <= killsWanted; kill += 1) {
  const receiver = await startReceiver({ folder });
  checkNoTemporaryFiles(kill);
  const load = Array.from({ length: CONNECTIONS }, () => deliverUntilDead(receiver));
  await Bun.sleep(randomInt(LIFE_MS_MAX));
  await receiver.stop({ signal: "SIGKILL", keepFolder: true });
  await Promise.all(load);
  if (process.stdout.isTTY)
    process.stdout.write(`\r${kill} of ${killsWanted} kills, ${acknowledged.length} acknowledged`);
}
const last = await startReceiver({ folder });
checkNoTemporaryFiles(killsWanted + 1);
const lost = await findLost(last);
await last.stop({ keepFolder: true });

for (const fault of faults) console.log(fault);
console.log(
  `\n${killsWanted} kills, ${acknowledged.length} acknowledged, ${lost} lost, ${faults.length} other faults`,
);
if (lost + faults.length === 0) rmSync(folder, { recursive: true });
else console.log(`The data is kept in ${folder}`);
process.exit(lost + faults.length === 0 ? 0 : 1);

/** Delivers transcripts and recordings over one connection after the other until nobody answers any more. */
async function deliverUntilDead(receiver: Receiver): Promise<void> {
  for (;;) {
    const { body, sent } = nextDelivery();
    try {
      const { status } = await receiver.post(body, sign(body));
      if (status === 200) acknowledged.push(sent);
      else faults.push(`${sent.conversationId} was answered with ${status}`);
    } catch {
      return;
    }
  }
}

function nextDelivery(): { body: string; sent: Sent } {
  count += 1;
  const conversationId = `conv_${count}`;
  if (count % 4 !== 0) {
    const summary = "x".repeat(randomInt(20_000));
    return {
      body: transcription(conversationId, { analysis: { transcript_summary: summary } }),
      sent: { conversationId, recordingSha256: null },
    };
  }
  const recording = randomBytes(randomInt(1, RECORDING_BYTES_MAX));
  const recordingSha256 = new Bun.CryptoHasher("sha256").update(recording).digest("hex");
  recordingsSent.set(conversationId, recordingSha256);
  return { body: audio(conversationId, recording), sent: { conversationId, recordingSha256 } };
}

function checkNoTemporaryFiles(start: number): void {
  for (const file of new Bun.Glob("**/*.tmp").scanSync({ cwd: folder, dot: true })) {
    faults.push(`start ${start}: the temporary file ${file} was left`);
  }
}

/** Compares what was acknowledged with rows and files, and every visible recording with what was sent. */
async function findLost(receiver: Receiver): Promise<number> {
  const database = new Database(join(folder, "transcripts.sqlite"), { readonly: true });
  const integrity = String(database.query("PRAGMA integrity_check").values()[0]?.[0]);
  if (integrity !== "ok") faults.push(`integrity_check: ${integrity}`);

  const select = database.query<{ audio_sha256: string | null; turn_count: number | null }, [string]>(
    "SELECT audio_sha256, turn_count FROM conversations WHERE conversation_id = ?",
  );
  const visible = new Map<string, string>();
  for (const file of new Bun.Glob("audio/*/*/*/*").scanSync({ cwd: folder, dot: true })) {
    const sha256 = new Bun.CryptoHasher("sha256")
      .update(await Bun.file(join(folder, file)).bytes())
      .digest("hex");
    const conversationId = basename(file, ".mp3");
    visible.set(conversationId, sha256);
    if (recordingsSent.get(conversationId) !== sha256) faults.push(`${file} is not what was sent`);
    if (select.get(conversationId)?.audio_sha256 !== sha256) faults.push(`${file} has no row`);
  }
  const lostDeliveries = acknowledged.filter(({ conversationId, recordingSha256 }) => {
    const row = select.get(conversationId);
    if (recordingSha256 === null) return row?.turn_count !== 1;
    return row?.audio_sha256 !== recordingSha256 || visible.get(conversationId) !== recordingSha256;
  });
  for (const { conversationId } of lostDeliveries) console.log(`lost: ${conversationId}`);
  database.close();
  if (receiver.child.exitCode !== null) faults.push("the receiver did not survive the check");
  return lostDeliveries.length;
}
