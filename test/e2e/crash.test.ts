import { expect, test } from "bun:test";
import { join } from "node:path";

const KILLS = 50;

test("loses nothing that it acknowledged, however often it is killed", async () => {
  const script = join(import.meta.dir, "../../scripts/crash-test.ts");
  const child = Bun.spawn([process.execPath, script, String(KILLS)], { stdout: "pipe", stderr: "inherit" });
  const output = await child.stdout.text();
  expect(output).toMatch(new RegExp(`^${KILLS} kills, [1-9]\\d+ acknowledged, 0 lost, 0 other faults$`, "m"));
  expect(await child.exited).toBe(0);
}, 120_000);
