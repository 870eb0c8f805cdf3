import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/platform/log.ts";
import { openInstanceSpool } from "../../src/store/objects/spool.ts";

const log = createLog({ level: "ERROR", format: "text", write: () => {} });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spool-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = () => readdirSync(folder, { recursive: true, encoding: "utf8" });

/** Opens a spool in a process of its own, writes half a file, and waits. */
async function startOther(): Promise<Bun.Subprocess> {
  const spool = JSON.stringify(join(import.meta.dir, "../../src/store/objects/spool.ts"));
  const code = `
    const { openInstanceSpool } = await import(${spool});
    const file = await (await openInstanceSpool(${JSON.stringify(folder)}, console)).create();
    file.write(Buffer.from("half"));
    console.log("ready");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stdin: "ignore" });
  await child.stdout.getReader().read();
  return child;
}

test("a start clears away what killed instances left, and nothing of one that is at work", async () => {
  const [killed, alive] = await Promise.all([startOther(), startOther()]);
  const before = files();
  expect(before.filter((name) => name.endsWith(".tmp")).length).toBe(2);
  killed.kill("SIGKILL");
  await killed.exited;

  const spool = await openInstanceSpool(folder, log);
  const after = files().filter((name) => before.includes(name));
  expect(after.filter((name) => name.endsWith(".tmp")).length).toBe(1);
  expect(after.filter((name) => name.endsWith(".lock")).length).toBe(1);
  await spool.close();
  expect(files().toSorted()).toEqual(after.toSorted());

  alive.kill("SIGKILL");
  await alive.exited;
  await (await openInstanceSpool(folder, log)).close();
  expect(files()).toBeEmpty();
});

test("each of many starts at once has a folder of its own, in which it can write", async () => {
  const spools = await Promise.all(Array.from({ length: 6 }, () => openInstanceSpool(folder, log)));
  const made = await Promise.all(spools.map((spool) => spool.create()));
  for (const file of made) file.write(Buffer.from("content"));
  expect(await Promise.all(made.map(async (file) => Buffer.from(await file.bytes()).toString()))).toEqual(
    spools.map(() => "content"),
  );
  expect(spools.every((spool) => spool.isWritable())).toBe(true);
  for (const file of made) await file.discard();
  for (const spool of spools) await spool.close();
  expect(files()).toBeEmpty();
});

test("what others have in the folder stays", async () => {
  await Bun.write(join(folder, "control.sock.lock"), "");
  await Bun.write(join(folder, "0123456789abcdef/file"), "");
  await (await openInstanceSpool(folder, log)).close();
  expect(files().toSorted()).toEqual(["0123456789abcdef", "0123456789abcdef/file", "control.sock.lock"]);
});

test("a folder that a cleaner has removed is made again", async () => {
  const spool = await openInstanceSpool(folder, log);
  for (const name of readdirSync(folder).filter((one) => !one.endsWith(".lock")))
    rmSync(join(folder, name), { recursive: true });
  const file = await spool.create();
  file.write(Buffer.from("content"));
  await file.discard();
  await spool.close();
  expect(files()).toBeEmpty();
});
