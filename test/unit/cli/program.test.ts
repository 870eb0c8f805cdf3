import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { flagOf, options } from "../../../src/config/options.ts";
import { freePort } from "../../helpers/ports.ts";
import { runCommand } from "../../helpers/command.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const root = temporaryFolder();

/** Runs the program; it is told to stop as soon as it waits for that. */
async function run(args: string[], { environment = {} }: { environment?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = await runCommand(args, {
    environment,
    folder: "/nowhere",
    onStopSignal: (callback) => {
      queueMicrotask(callback);
      return () => {};
    },
  });
  return { status, out: stdout, error: stderr };
}

describe("--help", () => {
  test.each([["--help"], ["-h"], ["help"]])(
    "as %s shows the commands and every setting, and succeeds",
    async (flag) => {
      const { status, out, error } = await run([flag]);
      expect([status, error]).toEqual([0, ""]);
      expect(out).toStartWith("Usage: elevenlabs-webhook ");
      expect(out).toMatch(/^ {2}serve .*receive webhooks/m);
      for (const option of Object.values(options)) expect(out).toContain(`  ${option.name} `);
    },
  );

  test.each([[["serve", "--help"]], [["serve", "-h"]], [["help", "serve"]], [["--port", "1", "--help"]]])(
    "of serve, as %j, shows every flag",
    async (args) => {
      const { status, out, error } = await run(args);
      expect([status, error]).toEqual([0, ""]);
      for (const option of Object.values(options)) {
        expect(out.includes(`  ${flagOf(option)} <value>`)).toBe(option.hasNoFlag !== true);
      }
    },
  );
});

test.each([["--version"], ["-V"]])(
  "%s shows the versions of what it is made of, and succeeds",
  async (flag) => {
    const { status, out, error } = await run([flag]);
    expect([status, error]).toEqual([0, ""]);
    expect(out).toMatch(/^elevenlabs-webhook \S+ \(commit \S+\), Bun \d+\.\d+\.\d+, SQLite 3\.\d+\.\d+\n$/);
    expect(out).toContain(` ${packageJson.version} `);
  },
);

describe("a slip is a fault of use, with a hint on standard error", () => {
  test.each([
    ["an unknown command", ["sevre"], /unknown command 'sevre' \(Did you mean serve\?\)/],
    ["an unknown command unlike any other", ["xyzzy"], /unknown command 'xyzzy'/],
    ["an unknown flag", ["serve", "--prot", "1"], /unknown option '--prot' \(Did you mean --port\?\)/],
    ["an unknown flag without a command", ["--prot=1"], /unknown option '--prot=1'/],
    ["a flag without its value", ["serve", "--port"], /argument missing/],
    ["an argument too many", ["serve", "now"], /too many arguments/],
  ])("%s", async (_, args, hint) => {
    const { status, out, error } = await run(args);
    expect([status, out]).toEqual([64, ""]);
    expect(error).toMatch(hint);
  });
});

describe("a faulty configuration", () => {
  test("is told whole on standard error, with the status that says so", async () => {
    const { status, out, error } = await run([], { environment: { LOG_LEVEL: "LOUD" } });
    expect([status, out]).toEqual([78, ""]);
    expect(error).toMatch(
      /^The configuration has faults:\n {2}ELEVENLABS_WEBHOOK_SECRET: .+\n {2}LOG_LEVEL: .+\n$/,
    );
  });

  test("may come from a flag, before and after the command's name", async () => {
    for (const args of [
      ["--port", "x"],
      ["serve", "--port", "x"],
      ["serve", "--port=x"],
    ]) {
      const { status, error } = await run(args, { environment: { ELEVENLABS_WEBHOOK_SECRET: SECRET } });
      expect([status, error]).toEqual([78, expect.stringContaining('ELEVENLABS_WEBHOOK_PORT: "x"')]);
    }
  });
});

describe("serve", () => {
  const umask = process.umask();
  afterAll(() => void process.umask(umask));

  test("runs where no command is named, says where everything goes, and ends well when told to stop", async () => {
    const folder = join(root, "plain {a}");
    const environment = {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
      TRANSCRIPT_STORAGE_PATH: join(folder, "x.sqlite"),
      AUDIO_STORAGE_PATH: join(folder, "audio"),
    };
    const { status, out, error } = await run([], { environment });
    expect([status, error]).toEqual([0, ""]);
    expect(out).toContain(`Events go to ${folder}/x.sqlite\n`);
    expect(out).toContain(`Recordings go to ${folder}/audio\n`);
    expect(out).toEndWith(" Stopped\n");
    expect(out).not.toContain(SECRET);
    expect(existsSync(join(folder, "x.sqlite"))).toBe(true);
  });

  test("says what it does not store", async () => {
    const folder = join(root, "nothing");
    const environment = {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      TRANSCRIPT_STORAGE_PATH: join(folder, "x.sqlite"),
    };
    const port = String(await freePort());
    const flags = [
      "--host",
      "127.0.0.1",
      "--port",
      port,
      "--enable-transcript-storage",
      "no",
      "--enable-audio-storage",
      "no",
    ];
    const { status, out } = await run(flags, { environment });
    expect(status).toBe(0);
    expect(out).toMatch(/WARNING The content of events is NOT stored/);
    expect(out).toMatch(/WARNING Recordings are NOT stored/);
  });
});
