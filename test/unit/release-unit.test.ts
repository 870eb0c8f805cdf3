import { expect, test } from "bun:test";
import { archiveUnit, debianSysctl, debianUnit } from "../../scripts/release-unit.ts";

/** Lines that do something. */
const directives = (text: string) => text.split("\n").filter((line) => /^[^#]/.test(line));

test("the package's unit is that of service print, but for the executable's place", () => {
  const execPaths = "ExecPaths=/usr/lib -/usr/lib64 -/lib -/lib64";
  const expected = directives(archiveUnit()).map((line) =>
    line.startsWith("ExecPaths=") ? execPaths : line.replace("/usr/local/bin/", "/usr/bin/"),
  );
  expect(directives(debianUnit())).toEqual(expected);
  expect(expected).toContain("ExecStart=/usr/bin/elevenlabs-webhook serve");
  expect(expected).toContain(execPaths);
  expect(debianUnit()).not.toContain("/usr/local");
  expect(debianUnit()).not.toContain("service install");
});

test("the package's kernel setting is that of service install", () => {
  expect(directives(debianSysctl())).toEqual(["net.ipv4.tcp_migrate_req = 1"]);
  expect(debianSysctl()).not.toContain("service install");
});
