import { beforeEach, expect, test } from "bun:test";
import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataLockedError, lockData } from "../../src/store/sqlite/data-lock.ts";
import { temporaryFolder } from "../helpers/folders.ts";

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), "transcripts.sqlite");
});

const successor = { isShared: true };

test("an instance alone has one lock file, and a second one is refused", () => {
  const unlock = lockData(path);
  expect(() => lockData(path)).toThrow(DataLockedError);
  expect(readdirSync(join(path, "..")).filter((name) => /lock\d?$/.test(name))).toHaveLength(1);
  unlock();
  lockData(path)();
});

test("a successor shares the data, and keeps others out after its predecessor has ended", () => {
  const unlockFirst = lockData(path);
  const unlockSecond = lockData(path, successor);
  unlockFirst();
  expect(() => lockData(path)).toThrow(DataLockedError);
  // Who was refused has left nothing locked behind.
  const unlockThird = lockData(path, successor);
  unlockSecond();
  expect(() => lockData(path)).toThrow(DataLockedError);
  unlockThird();
  lockData(path)();
});

test("no more than four are ever at work", () => {
  const unlocks = [lockData(path), ...[1, 2, 3].map(() => lockData(path, successor))];
  expect(() => lockData(path, successor)).toThrow("wait until one of them has finished");
  for (const unlock of unlocks) unlock();
});

test("a database that is named by a symlink too has the same lock", () => {
  writeFileSync(path, "");
  const link = join(temporaryFolder(), "link.sqlite");
  symlinkSync(path, link);
  for (const [first, second] of [
    [path, link],
    [link, path],
    [link, link],
  ] as const) {
    const unlock = lockData(first);
    expect(() => lockData(second)).toThrow(DataLockedError);
    const unlockSuccessor = lockData(second, successor);
    unlock();
    expect(() => lockData(first)).toThrow(DataLockedError);
    unlockSuccessor();
  }
});
