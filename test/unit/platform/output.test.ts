import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createOutput } from "../../../src/platform/output.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const folder = temporaryFolder();
const module = join(import.meta.dir, "../../../src/platform/output.ts");

/** Runs a program of its own that writes by `out`, with its standard output in a file. */
async function writeTo(path: string, statements: string) {
  const script = `import { createOutput } from ${JSON.stringify(module)};
    const out = createOutput(1);
    ${statements}
    await out.drain(5_000);
    process.exit(7);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: Bun.file(path), stderr: "pipe" });
  const error = await child.stderr.text();
  return { status: await child.exited, error };
}

test("has nothing to wait for where nothing waits to be written", async () => {
  const [out, error] = [createOutput(1), createOutput(2)];
  out.write("");
  error.write("");
  await Promise.all([out.drain(600_000), error.drain(600_000)]);
});

describe("a file", () => {
  test("holds whole lines in their order, however long, when they are drained", async () => {
    const path = join(folder, "log");
    const statements = `out.write("é 🎙\\n"); out.write("x".repeat(3_000_000) + "\\n"); out.write("last\\n");`;
    expect(await writeTo(path, statements)).toEqual({ status: 7, error: "" });
    expect(readFileSync(path, "utf8")).toBe(`é 🎙\n${"x".repeat(3_000_000)}\nlast\n`);
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  test("stops nobody", async () => {
    const statements = `for (let line = 0; line < 1000; line += 1) out.write("line\\n");`;
    expect(await writeTo("/dev/full", statements)).toEqual({ status: 7, error: "" });
  });
});
