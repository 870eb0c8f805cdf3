import { expect, test } from "bun:test";
import { join } from "node:path";

const EVENTS = 2000;
const KILLS = 3;

test("brings every event to every destination, however often it is killed", async () => {
  const script = join(import.meta.dir, "../../scripts/forward-test.ts");
  const args = [script, String(EVENTS), String(KILLS)];
  const child = Bun.spawn([process.execPath, ...args], { stdout: "pipe", stderr: "inherit" });
  const output = await child.stdout.text();
  expect(output).toContain(`\n${EVENTS} events, ${KILLS} kills, 0 problems\n`);
  expect(await child.exited).toBe(0);
}, 120_000);
