import { expect, test } from "bun:test";
import { syncedAtMs } from "../../src/platform/time-sync.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

const DAY_MS = 86_400_000;
const AGO_MS = 730 * DAY_MS;

/** Makes the data as old as if our clock had leapt since they came. */
function age(receiver: Receiver): void {
  for (const sql of [
    `UPDATE events SET received_at = received_at - ${AGO_MS}`,
    `UPDATE conversations SET updated_at = updated_at - ${AGO_MS}`,
    "DELETE FROM state WHERE name = 'trusted_now'",
    "DELETE FROM state WHERE name = 'retention_days'",
    `INSERT INTO state (name, value) VALUES ('retention_days', '{"inForce":365,"waiting":null}')`,
  ]) {
    receiver.execute({ sqlite: sql, postgres: sql });
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(50);
}

test.skipIf(syncedAtMs() !== null)(
  "a start with a clock far ahead of the data erases nothing before a delivery confirms it",
  async () => {
    const first = await startReceiver();
    expect((await first.post(transcription("conv_old"))).status).toBe(200);
    await first.stop({ keepFolder: true });
    age(first);

    const receiver = await startReceiver({
      folder: first.folder,
      environment: { RETENTION_DAYS: "365", TRUSTED_PROXIES: "127.0.0.1" },
    });
    const storedMs = () =>
      Number(receiver.rows("SELECT value FROM state WHERE name = 'trusted_now'")[0]?.value ?? 0);
    const conversations = () => receiver.rows("SELECT conversation_id AS id FROM conversations");
    await until(() => storedMs() > 0);
    expect(Date.now() - storedMs()).toBeGreaterThan(AGO_MS - DAY_MS);
    expect(conversations()).toEqual([{ id: "conv_old" }]);

    const body = transcription("conv_new");
    const headers = { "x-forwarded-for": "192.0.2.7", "elevenlabs-signature": sign(body) };
    expect((await fetch(`${receiver.url}/webhook`, { method: "POST", headers, body })).status).toBe(200);
    await until(() => conversations().length === 1);
    expect(conversations()).toEqual([{ id: "conv_new" }]);
    expect(await receiver.stop({ keepFolder: true })).toBe(0);
    expect(receiver.output()).toContain("Erased what was too old conversations=1");

    // The time that the stop has stored is where the next start goes on.
    const next = await startReceiver({ folder: first.folder });
    const [row] = next.rows("SELECT value FROM state WHERE name = 'trusted_now'");
    expect(Math.abs(Date.now() - Number(row?.value))).toBeLessThan(DAY_MS);
    await next.stop();
  },
  60_000,
);
