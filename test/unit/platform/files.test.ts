import { describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { exists, makeFolder, moveDurably, syncFolder, TemporaryFile } from "../../../src/platform/files.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const root = temporaryFolder();
let count = 0;
const freshPath = () => join(root, String(++count));
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("a temporary file", () => {
  test("holds what was written, for its owner only", async () => {
    const file = await TemporaryFile.create(freshPath());
    file.write(Buffer.from("one "));
    file.write(new Uint8Array());
    file.write(Buffer.from("two"));
    await file.sync();
    expect(file.byteCount).toBe(7);
    expect(readFileSync(file.path, "utf8")).toBe("one two");
    expect(mode(file.path)).toBe("600");
  });

  test("holds the same bytes in whatever portions they came", async () => {
    const portion = fc.integer({ min: 0, max: 600_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(portion, { maxLength: 5 }), async (portions) => {
        const file = await TemporaryFile.create(freshPath());
        const hasher = new Bun.CryptoHasher("sha1");
        for (const [index, byteCount] of portions.entries()) {
          // The caller's buffer is its own again when the write has returned.
          const shared = Buffer.alloc(byteCount, `portion ${index}`);
          hasher.update(shared);
          file.write(shared);
          shared.fill(0);
        }
        await file.sync();
        const written = readFileSync(file.path);
        expect(written.byteLength).toBe(file.byteCount);
        expect(new Bun.CryptoHasher("sha1").update(written).digest("hex")).toBe(hasher.digest("hex"));
        await file.discard();
      }),
      { numRuns: 15 },
    );
  });

  test("shows readers all of it as soon as it is written", async () => {
    const file = await TemporaryFile.create(freshPath());
    expect(readFileSync(file.path, "utf8")).toBe("");
    file.write(Buffer.from("one"));
    expect(readFileSync(file.path, "utf8")).toBe("one");
    file.write(Buffer.from(" two"));
    expect(readFileSync(file.path, "utf8")).toBe("one two");
    await file.discard();
  });

  test("is not made where its name is taken", async () => {
    const path = freshPath();
    writeFileSync(path, "theirs");
    await expect(TemporaryFile.create(path)).rejects.toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(readFileSync(path, "utf8")).toBe("theirs");
  });

  test("does not follow a symlink, not even a dangling one", async () => {
    const [target, link] = [freshPath(), freshPath()];
    symlinkSync(target, link);
    await expect(TemporaryFile.create(link)).rejects.toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(existsSync(target)).toBe(false);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  test("is not made in a folder that is missing", async () => {
    const creating = TemporaryFile.create(join(freshPath(), "x"));
    await expect(creating).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
  });

  test("is not taken for whole where somebody has shortened it", async () => {
    const file = await TemporaryFile.create(freshPath());
    file.write(Buffer.from("recording"));
    truncateSync(file.path, 3);
    await expect(file.sync()).rejects.toThrow("has 3 bytes instead of 9");
    await file.discard();
  });

  test("is gone when it is discarded: empty, open, finished or already gone", async () => {
    for (const state of ["empty", "open", "finished"] as const) {
      const file = await TemporaryFile.create(freshPath());
      if (state !== "empty") file.write(Buffer.from("x"));
      if (state === "finished") await file.sync();
      await file.discard();
      expect(existsSync(file.path)).toBe(false);
      await file.discard();
    }
  });

  test("that was moved to its place stays there when it is discarded", async () => {
    const file = await TemporaryFile.create(freshPath());
    file.write(Buffer.from("x"));
    await file.sync();
    const place = freshPath();
    await moveDurably(file.path, place);
    await file.discard();
    expect(readFileSync(place, "utf8")).toBe("x");
  });
});

describe("a folder", () => {
  test("is made with those above it, for its owner only", async () => {
    const path = freshPath();
    await makeFolder(join(path, "2026/11/02"));
    expect(["", "2026", "2026/11", "2026/11/02"].map((part) => mode(join(path, part)))).toEqual(
      Array(4).fill("700"),
    );
  });

  test("that is there stays as it is", async () => {
    const path = freshPath();
    mkdirSync(path, { mode: 0o755 });
    writeFileSync(join(path, "theirs"), "");
    await makeFolder(path);
    expect([mode(path), readdirSync(path)]).toEqual(["755", ["theirs"]]);
  });

  test("can be made by many at once", async () => {
    const path = freshPath();
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(join(path, "a/b/c"))));
    expect(statSync(join(path, "a/b/c")).isDirectory()).toBe(true);
  });

  test("is on disk for anyone who finds it while another makes it", () => {
    const path = freshPath();
    expect(makeFolder(path)).toBe(makeFolder(path));
  });

  test("can be made after it could not be", async () => {
    const path = freshPath();
    writeFileSync(path, "");
    await expect(makeFolder(join(path, "a"))).rejects.toThrow();
    rmSync(path);
    await makeFolder(join(path, "a"));
    expect(statSync(join(path, "a")).isDirectory()).toBe(true);
  });

  test("is not made below a file", async () => {
    const path = freshPath();
    writeFileSync(path, "");
    await expect(makeFolder(join(path, "a"))).rejects.toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  });

  test("that is a file or missing can't be made durable", async () => {
    const path = freshPath();
    await expect(syncFolder(path)).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
    writeFileSync(path, "");
    await expect(syncFolder(path)).rejects.toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  });
});

test("a name exists where it is a file, a folder or a dangling symlink, and not otherwise", async () => {
  const [file, link] = [freshPath(), freshPath()];
  writeFileSync(file, "");
  symlinkSync(freshPath(), link);
  expect(await Promise.all([file, root, link, freshPath()].map(exists))).toEqual([true, true, true, false]);
  await expect(exists(join(file, "x"))).rejects.toThrow(expect.objectContaining({ code: "ENOTDIR" }));
});
