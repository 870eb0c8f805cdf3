import { beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareFiles, removeLeftFiles, replaceFiles } from "../../../src/service/files.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

let root: string;
beforeEach(() => {
  root = temporaryFolder();
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/old"), "before");
  chmodSync(join(root, "etc/old"), 0o600);
});

const file = (path: string, text: string, mode = 0o600) => ({ path, mode, bytes: Buffer.from(text) });
const wanted = () => [file("/etc/old", "after"), file("/usr/local/bin/new", "program", 0o755)];
const all = () => readdirSync(root, { recursive: true }).map(String).toSorted();
const untouched = ["etc", "etc/old"];
const changesOf = (...files: ReturnType<typeof file>[]) =>
  compareFiles(root, files).map(({ change }) => change);

test("tells what is new, changed, open to too many, or as it should be", () => {
  expect(
    changesOf(
      file("/etc/new", ""),
      file("/etc/old", "x"),
      file("/etc/old", "before", 0o644),
      file("/etc/old", "before"),
    ),
  ).toEqual(["new", "changed", "rights", "same"]);
});

test("writes files with their rights, and leaves nothing else", () => {
  replaceFiles(root, compareFiles(root, wanted())).keep();
  expect(all()).toEqual([...untouched, "usr", "usr/local", "usr/local/bin", "usr/local/bin/new"]);
  expect(readFileSync(join(root, "etc/old"), "utf8")).toBe("after");
  expect(statSync(join(root, "etc/old")).mode & 0o777).toBe(0o600);
  expect(statSync(join(root, "usr/local/bin/new")).mode & 0o777).toBe(0o755);
  expect(statSync(join(root, "usr/local")).mode & 0o777).toBe(0o755);
});

test("brings back what was there", () => {
  replaceFiles(root, compareFiles(root, wanted())).undo();
  expect(all()).toEqual(untouched);
  expect(readFileSync(join(root, "etc/old"), "utf8")).toBe("before");
});

test("leaves everything as it was where a file can't be written", () => {
  const files = compareFiles(root, [...wanted(), file("/etc/old/below", "")]);
  expect(() => replaceFiles(root, files)).toThrow("EEXIST");
  expect(all()).toEqual(untouched);
});

test("leaves everything as it was where a file can't be moved to its place", () => {
  const files = compareFiles(root, [...wanted(), file("/etc/folder", "")]);
  mkdirSync(join(root, "etc/folder/in"), { recursive: true });
  expect(() => replaceFiles(root, files)).toThrow();
  expect(all()).toEqual(["etc", "etc/folder", "etc/folder/in", "etc/old"]);
  expect(readFileSync(join(root, "etc/old"), "utf8")).toBe("before");
});

test("clears away what a killed install has left, also beside a file that is as it should be", () => {
  for (const left of ["old.new", "old.before"]) writeFileSync(join(root, "etc", left), "half");
  removeLeftFiles(root, [file("/etc/old", "before")]);
  expect(all()).toEqual(untouched);
});

test("an install is done although what it left can't be removed", () => {
  const { keep } = replaceFiles(root, compareFiles(root, wanted()));
  rmSync(join(root, "etc/old.before"));
  // A folder in its place can't be unlinked.
  mkdirSync(join(root, "etc/old.before/in"), { recursive: true });
  keep();
  expect(readFileSync(join(root, "etc/old"), "utf8")).toBe("after");
});
