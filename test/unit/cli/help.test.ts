import { expect, test } from "bun:test";
import { commands } from "../../../src/cli/commands.ts";
import { runCommand } from "../../helpers/command.ts";

test("every command shows its examples before its options", async () => {
  for (const { name, examples } of commands) {
    const { status, stdout } = await runCommand([name, "--help"]);
    expect(status).toBe(0);
    const [first] = examples;
    expect(stdout.indexOf(`elevenlabs-webhook ${first?.line}`)).toBeGreaterThan(0);
    expect(stdout.indexOf("Examples:")).toBeLessThan(stdout.indexOf("Options:"));
  }
});

test("help names every command", async () => {
  const { stdout } = await runCommand(["--help"]);
  for (const { name, summary } of commands) {
    expect(stdout).toMatch(new RegExp(`  ${name}\\b.*${summary.slice(0, 20).replaceAll("(", "\\(")}`));
  }
});

test("an unknown command or flag is a usage error in one line", async () => {
  for (const args of [["srve"], ["serve", "--prt", "1"], ["serve", "surplus"]]) {
    const { status, stdout, stderr } = await runCommand(args);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr).toMatch(/^error: .+\n$/);
  }
});
