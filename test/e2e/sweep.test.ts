import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

const SWEEP_MS_MAX = 1_200_000;
setDefaultTimeout(SWEEP_MS_MAX);

const script = join(import.meta.dir, "../../scripts/sweep.ts");

/** It reads registers of x86-64 and traces by seccomp. */
const canSweep = process.arch === "x64" && Bun.which("cc") !== null && canTrace();
if (!canSweep)
  console.warn("SKIPPED: a fault at every system call: needs x86-64, a C compiler, and the right to trace");

function canTrace(): boolean {
  return Bun.which("strace") !== null && Bun.spawnSync(["strace", "-o", "/dev/null", "true"]).exitCode === 0;
}

test.skipIf(!canSweep)(
  "a system call that fails, or at which it is killed, breaks no promise: a sample of all",
  async () => {
    const child = Bun.spawn([process.execPath, script, "--sample"], { stdout: "pipe", stderr: "pipe" });
    const [report, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) !== 0) console.log(report);
    expect(errors).toBe("");
    expect(report).toMatch(/^\d{3,} faults, \d+ not reached, 0 broke a promise$/m);
    expect(child.exitCode).toBe(0);
  },
);
