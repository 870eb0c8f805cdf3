import { expect, test } from "bun:test";
import { executablePath } from "../../../src/platform/executable.ts";

test.each([
  ["/usr/local/bin/program", "/usr/local/bin/program"],
  ["./program", "/data/program"],
  ["../bin/program", "/bin/program"],
])("%s is where it was started", (name, path) => {
  expect(executablePath(name, "/data")).toBe(path);
});

test("a bare name is searched like the shell does", () => {
  expect(executablePath("sh", "/data")).toBe(Bun.which("sh") ?? "");
});

test("a name that is nowhere is that of the running file", () => {
  expect(executablePath("no-such-program", "/data")).toBe(process.execPath);
});
