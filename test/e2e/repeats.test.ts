import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { audio, SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const OLD_SECRET = `wsec_${"f".repeat(64)}`;
const environment = { ELEVENLABS_WEBHOOK_SECRET: `${SECRET},${OLD_SECRET}` };
const RECEIVED = { status: 200, answer: { status: "received" } };
const KILLS = 5;

const receiver = await startReceiver({ environment });
afterAll(() => receiver.stop());

const bodies = (id: string): [name: string, body: string][] => [
  ["a transcription", transcription(`${id}_text`)],
  ["a recording in memory", audio(`${id}_small`, Buffer.alloc(1000, "mp3"))],
  ["a recording in a file", audio(`${id}_large`, Buffer.alloc(600_000, "mp3"))],
];

describe("one event a hundred times at once, signed by either secret", () => {
  test.each(bodies("conv_hundred"))("%s: a hundred equal answers, one row, one file", async (_, body) => {
    const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    const filesBefore = (await receiver.recordingNames()).length;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (__, index) =>
        receiver.post(body, sign(body, { secret: index % 2 === 0 ? SECRET : OLD_SECRET })),
      ),
    );
    expect(answers).toMatchObject(answers.map(() => RECEIVED));
    const rows = receiver.rows<{ type: string }>("SELECT type FROM events WHERE body_sha256 = ?", sha256);
    expect(rows).toHaveLength(1);
    expect((await receiver.recordingNames()).length - filesBefore).toBe(
      rows[0]?.type === "post_call_audio" ? 1 : 0,
    );
  });

  test("a quarantined one: a hundred times the same refusal, one row", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => receiver.post('{"type":"new"}')));
    const refusal = { status: 400, answer: { code: "unknown_type" } };
    expect(answers).toMatchObject(answers.map(() => refusal));
    expect(receiver.rows("SELECT id FROM events WHERE type = 'new'")).toHaveLength(1);
  });
});

test("events that come again and again during kills are one row and one file each", async () => {
  const all = bodies("conv_killed").map(([, body]) => body);
  let { folder } = await startThenKill(undefined, all);
  for (let kill = 1; kill < KILLS; kill += 1) ({ folder } = await startThenKill(folder, all));

  const last = await startReceiver({ folder, environment });
  const answers = await Promise.all(all.map((body) => last.post(body)));
  expect(answers).toMatchObject(all.map(() => RECEIVED));
  expect(last.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: all.length }]);
  expect(last.rows("SELECT count(*) AS n FROM conversations")).toEqual([{ n: all.length }]);
  expect(await last.recordingNames()).toHaveLength(2);
  await last.stop();
});

/** Delivers the same bodies over and over, and kills the program at a moment that is a little later in each life. */
async function startThenKill(folder: string | undefined, all: string[]): Promise<Receiver> {
  const killed = await startReceiver(folder === undefined ? { environment } : { folder, environment });
  let isDead = false;
  const senders = Array.from({ length: 12 }, async (_, index) => {
    const body = all[index % all.length] ?? "";
    while (!isDead) {
      const answered = await killed.post(body).catch(() => null);
      if (answered !== null) expect(answered).toMatchObject(RECEIVED);
    }
  });
  await Bun.sleep(10 + Math.random() * 100);
  await killed.stop({ signal: "SIGKILL", keepFolder: true });
  isDead = true;
  await Promise.all(senders);
  return killed;
}
