import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sign } from "../helpers/deliveries.ts";
import { verdictOn } from "../helpers/fuzz/oracle.ts";
import { runFuzz } from "../helpers/fuzz/run.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(90_000);

const MIB = 1024 * 1024;
const DELIVERIES = 20_000;
const FIXTURES = join(import.meta.dir, "../fixtures/fuzz");

let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver({ environment: { LOG_LEVEL: "ERROR" } });
});

afterAll(() => receiver.stop());

test.each(readdirSync(FIXTURES))("treats as the contract says what it once did not: %s", async (name) => {
  const delivery: { header: string | null; body: string } = JSON.parse(
    readFileSync(join(FIXTURES, name), "utf8"),
  );
  const body = Buffer.from(delivery.body, "base64");
  for (const header of [delivery.header, sign(body)]) {
    const { status, answer } = await receiver.post(body, header);
    expect(verdictOn(header, body).allowed).toContain(status === 200 ? "received" : (answer.code ?? ""));
  }
});

test(`treats ${DELIVERIES} mutated deliveries as the contract says, in bounded memory`, async () => {
  const seed = randomInt(2 ** 31);
  console.log(`scripts/fuzz ${DELIVERIES} ${seed}`);
  const { faults, falseAccepts, ...counts } = await runFuzz(receiver, { deliveries: DELIVERIES, seed });
  expect({ seed, faults, falseAccepts }).toEqual({ seed, faults: [], falseAccepts: 0 });
  // The mutations reach every part of the program.
  for (const [what, count] of Object.entries(counts)) expect([what, count > 100]).toEqual([what, true]);
  expect(receiver.peakMemoryBytes()).toBeLessThan(192 * MIB);
  // Hostile ids: whatever they are, recordings stay in their folder under tame names.
  for (const path of new Bun.Glob("audio/**").scanSync({ cwd: receiver.folder, dot: true })) {
    // Beside them are only the mark and the lock of the folder's owner.
    expect(path).toMatch(/^audio\/(\d{4}\/\d\d\/\d\d\/[A-Za-z0-9_-]+\.mp3|\.owner(\.lock(-journal)?)?)$/);
  }
  expect(receiver.output()).not.toContain("ERROR");
});
