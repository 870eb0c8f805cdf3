import { expect, test } from "bun:test";
import { smokeTest } from "../../scripts/release-executable.ts";

const release = { version: "1.2.3", commit: "abc", epochSeconds: 0 };
const target = { name: "linux-arm64", runtime: "", runtimeSha256: "" };
const emulated = (needs: string[]) => ({
  ...target,
  run: { command: ["echo", "elevenlabs-webhook 1.2.3 (commit abc)"], needs, packages: "qemu libc" },
});

test("an executable is run where everything that runs it is there", () => {
  expect(smokeTest(emulated(["echo", "/etc/passwd"]), "program", release)).toBe("built and run, by echo");
});

test.each([
  ["the emulator", ["no-such-emulator", "/etc/passwd"]],
  ["the libraries that the emulator loads", ["echo", "/nowhere/ld-linux.so"]],
])("an executable is not run without %s, and the packages are named", (_, needs) => {
  expect(smokeTest(emulated(needs), "program", release)).toBe(
    "built, NOT RUN HERE: apt-get install qemu libc",
  );
});

test("an executable of another version ends the release", () => {
  const other = { ...release, version: "1.2.4" };
  expect(() => smokeTest(emulated([]), "program", other)).toThrow("not 1.2.4 of abc");
});
