import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isPlaceholder } from "../../src/config/config.ts";
import { keepOthersOut } from "../../src/connect/only-one.ts";
import { runCommand } from "../helpers/command.ts";
import { startAddress } from "../helpers/connect.ts";
import { SECRET } from "../helpers/deliveries.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { freePort } from "../helpers/ports.ts";

const ETC = "etc/elevenlabs-webhook";

let fake: FakeElevenLabs;
let place: Bun.Server<undefined>;
/** Stands for the file system's root. */
let root: string;
/** Where the commands are that stand for systemd's, and what they were told. */
let tools: string;
let program: string;
let port: number;

beforeAll(() => {
  place = startAddress();
});
afterAll(() => place.stop(true));
beforeEach(async () => {
  fake = await startFakeElevenLabs();
  root = temporaryFolder();
  tools = temporaryFolder();
  port = await freePort();
  program = join(temporaryFolder(), "elevenlabs-webhook");
  writeFileSync(program, "version 1");
  mkdirSync(join(root, "run/systemd/system"), { recursive: true });
  putOnPath("journalctl", "");
  putOnPath("sleep", "");
  putSystemctl("true");
});
afterEach(() => fake.stop());

function putOnPath(name: string, script: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(tools, name), 0o755);
}

function putSystemctl(reload: string): void {
  putOnPath(
    "systemctl",
    `state=${tools}
case $1 in
  --version) echo "systemd 252 (252-1)" ;;
  start | restart) touch $state/is-active ;;
  reload) echo reload >> $state/told; ${reload} ;;
  enable) touch $state/is-enabled ;;
  is-active | is-enabled) [ -e $state/$1 ] ;;
  show) echo "Listening" ;;
esac`,
  );
}

const address = () => `http://127.0.0.1:${place.port}/webhook`;
const read = (name: string) => readFileSync(join(root, ETC, name), "utf8");
const reloads = () =>
  existsSync(join(tools, "told")) ? readFileSync(join(tools, "told"), "utf8").split("\n").length - 1 : 0;

async function run(
  args: string[],
  { isRoot = true, input = fake.key, environment = {}, isTerminal = false } = {},
) {
  const result = await runCommand(args, {
    environment: { PATH: `${tools}:/usr/bin:/bin`, ELEVENLABS_API_URL: fake.url, ...environment },
    machine: { root, isRoot, executable: program },
    isTerminal: { input: isTerminal, output: false, error: false },
    input,
  });
  const hidden = [fake.key, SECRET, ...fake.workspace.webhooks.map(({ secret }) => secret)];
  for (const text of hidden) expect(result.stdout + result.stderr).not.toContain(text);
  return result;
}

const install = (...args: string[]) =>
  run(["service", "install", "--port", String(port), "--connect", address(), ...args]);

/** Everything that is below the root, but the secret. */
function expectNothingElsewhere(): void {
  const hidden = [fake.key, ...fake.workspace.webhooks.map(({ secret }) => secret)];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === "secret") continue;
    const content = readFileSync(join(entry.parentPath, entry.name), "utf8");
    for (const text of hidden) expect(content).not.toContain(text);
  }
}

describe("service install --connect", () => {
  test("installs and connects an empty machine: the placeholder is gone", async () => {
    const { status, stdout, stderr } = await install();
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Connecting ElevenLabs with ${address()}`);
    const [webhook] = fake.workspace.webhooks;
    expect(read("secret")).toBe(`${webhook?.secret}\n`);
    expect(fake.workspace.settings.webhooks).toMatchObject({ post_call_webhook_id: webhook?.id });
    expect(read("environment")).toContain(`PUBLIC_URL="http://127.0.0.1:${place.port}"\n`);
    const modeOf = (name: string) => statSync(join(root, ETC, name)).mode & 0o777;
    expect([modeOf("secret"), modeOf("connection.json")]).toEqual([0o600, 0o644]);
    expect(reloads()).toBe(1);
    expectNothingElsewhere();

    const again = await run(["service", "install"]);
    expect([again.status, read("secret")]).toEqual([0, `${webhook?.secret}\n`]);
    expect([(await run(["connect"])).status, fake.workspace.webhooks.length]).toEqual([0, 1]);
  });

  test("adds to a real secret", async () => {
    await run(["service", "install", "--port", String(port)], { input: SECRET });
    expect((await install()).status).toBe(0);
    expect(read("secret")).toBe(`${SECRET},${fake.workspace.webhooks[0]?.secret}\n`);
  });

  test.each([
    ["no key", ["--connect", "https://hooks.example.com"], "", "No API key"],
    [
      "an address without HTTPS",
      ["--connect", "http://hooks.example.com"],
      "key",
      "only delivers to https://",
    ],
  ])("with %s installs nothing", async (_, args, input, problem) => {
    const { status, stderr } = await run(["service", "install", ...args], { input });
    expect([status, stderr]).toEqual([64, expect.stringContaining(problem)]);
    expect(existsSync(join(root, ETC))).toBe(false);
  });

  test("only prints what it would do, without a key", async () => {
    const args = ["service", "install", "--connect", "https://hooks.example.com", "--dry-run"];
    const { status, stdout } = await run(args, { input: "" });
    expect([status, stdout]).toEqual([0, expect.stringContaining("Nothing was done.")]);
    expect(existsSync(join(root, ETC))).toBe(false);
  });

  test("leaves an installed service that is not connected if the address does not lead to it", async () => {
    const nowhere = "http://127.0.0.1:9/webhook";
    const { status, stderr } = await run([
      "service",
      "install",
      "--port",
      String(port),
      "--connect",
      nowhere,
    ]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("the address has to work first")]);
    expect([isPlaceholder(read("secret").trim()), fake.workspace.webhooks]).toEqual([true, []]);
    expect((await run(["connect", address()])).status).toBe(0);
    expect(read("secret")).toBe(`${fake.workspace.webhooks[0]?.secret}\n`);
  });
});

describe("connect, for the service", () => {
  beforeEach(async () => {
    await run(["service", "install", "--port", String(port), "--secret-file", "-"], { input: SECRET });
  });

  test("changes no settings while the service does not reload", async () => {
    putSystemctl("echo broken; false");
    const { status, stderr } = await run(["connect", address()]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("settings are as they were: systemctl reload"),
    ]);
    expect(fake.workspace.settings.webhooks).toMatchObject({ post_call_webhook_id: null });
    putSystemctl("true");
    expect((await run(["connect", address()])).status).toBe(0);
    expect([fake.workspace.webhooks.length, read("secret").split(",").length]).toEqual([1, 2]);
  });

  test("takes the address of ElevenLabs' API from the service's settings", async () => {
    writeFileSync(join(root, ETC, "environment"), `ELEVENLABS_API_URL=${fake.url}\n`);
    const environment = { ELEVENLABS_API_URL: "" };
    expect((await run(["connect", address()], { environment })).status).toBe(0);
    writeFileSync(join(root, ETC, "environment"), "ELEVENLABS_API_URL=http://api.example.com\n");
    const { status, stderr } = await run(["connect", "status"], { environment });
    expect([status, stderr]).toEqual([78, expect.stringContaining("ELEVENLABS_API_URL: it is none of")]);
  });

  test.each<[string, string[], number, string, { isRoot?: boolean; input?: string }]>([
    ["not by root", [], 78, "This needs root", { isRoot: false }],
    ["two wishes at once", ["--rotate", "--finish"], 64, "exclude each other", {}],
    ["no address", [], 64, "Name the webhook's address", {}],
    ["no address at all", ["hooks"], 64, "is not an address", {}],
    ["a key with spaces", [], 64, "copy it again", { input: "a b" }],
    ["a wrong key", ["https://h.example.com"], 1, "does not accept the API key (401)", { input: "wrong" }],
    ["nothing to finish", ["https://h.example.com", "--finish"], 1, "run connect first", {}],
    ["nothing to enable", ["https://h.example.com", "--enable"], 1, "has no post-call webhook", {}],
  ])("is refused: %s", async (_, args, status, problem, how) => {
    const result = await run(["connect", ...args], how);
    expect([result.status, result.stderr]).toEqual([status, expect.stringContaining(problem)]);
    expect(fake.workspace.webhooks).toEqual([]);
    expect(read("secret")).toBe(`${SECRET}\n`);
  });

  test("one run at a time changes something", async () => {
    const letOthersIn = keepOthersOut(join(root, ETC, "connection.json"));
    const { status, stderr } = await run(["connect", address()]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("Another connect is at work")]);
    expect(fake.workspace.webhooks).toEqual([]);
    expect((await run(["connect", "status"])).stdout).toContain("none: run connect");
    letOthersIn();
    expect((await run(["connect", address()])).status).toBe(0);
  });

  test("a damaged connection.json is not overwritten", async () => {
    writeFileSync(join(root, ETC, "connection.json"), "{");
    const { status, stderr } = await run(["connect", address()]);
    expect([status, stderr]).toEqual([78, expect.stringContaining("restore it from a backup")]);
    expect([read("connection.json"), fake.workspace.webhooks]).toEqual(["{", []]);
  });
});

describe("at a terminal, connect asks whether the service may fetch what it missed", () => {
  const KEY = "sk_that_only_reads";
  const connectAt = (input: string) =>
    run(["connect", address()], { isTerminal: true, input, environment: { ELEVENLABS_API_KEY: fake.key } });

  beforeEach(async () => {
    await run(["service", "install", "--port", String(port), "--secret-file", "-"], { input: SECRET });
    putOnPath("systemd-ask-password", `echo ${KEY}`);
  });

  test("and sets it up with a second key, once", async () => {
    const { status, stdout, stderr } = await connectAt("y\n");
    expect([status, stderr]).toEqual([0, expect.stringContaining("Set that up now? [y/N]")]);
    expect(stdout).not.toContain(KEY);
    expect(stdout).toContain("recover   on");
    expect(read("api-key")).toBe(`${KEY}\n`);
    expect(statSync(join(root, ETC, "api-key")).mode & 0o777).toBe(0o600);
    expect(read("environment")).toContain('\nRECOVER="all"\n');
    expect(read("environment")).not.toContain(KEY);
    expect(reloads()).toBe(2);
    expect((await connectAt("y\n")).stderr).toBe("");
  });

  test.each(["\n", "n\n", "", "maybe\n"])("and does nothing after %j", async (answer) => {
    expect((await connectAt(answer)).status).toBe(0);
    expect([existsSync(join(root, ETC, "api-key")), read("environment").includes("\nRECOVER=")]).toEqual([
      false,
      false,
    ]);
  });

  test("and stores no key that is none", async () => {
    putOnPath("systemd-ask-password", "false");
    const { status, stderr } = await connectAt("y\n");
    expect([status, stderr]).toEqual([1, expect.stringContaining("No key was given: nothing is fetched")]);
    expect(existsSync(join(root, ETC, "api-key"))).toBe(false);
  });

  test("but not for a unit that gives the service no key, nor after a dry run", async () => {
    const dry = ["connect", address(), "--dry-run"];
    const environment = { ELEVENLABS_API_KEY: fake.key };
    expect((await run(dry, { isTerminal: true, input: "y\n", environment })).stderr).toBe("");
    writeFileSync(join(root, "etc/systemd/system/elevenlabs-webhook.service"), "[Service]\n");
    expect((await connectAt("y\n")).stderr).toBe("");
  });
});

describe("connect, without the service", () => {
  test("needs to know the secret's file", async () => {
    const { status, stderr } = await run(["connect", address()]);
    expect([status, stderr]).toEqual([78, expect.stringContaining("name a file with --secret-to")]);
  });

  test("stores in the file that is named, and remembers beside it", async () => {
    const folder = temporaryFolder();
    const secretTo = ["--secret-to", join(folder, "secret.txt")];
    expect((await run(["connect", address(), ...secretTo])).status).toBe(1);
    expect((await run(["connect", ...secretTo])).status).toBe(0);
    expect(readdirSync(folder).toSorted()).toEqual(["connection.json", "secret.txt"]);
    expect((await run(["connect", "--rotate", ...secretTo])).status).toBe(1);
    expect((await run(["connect", "--rotate", ...secretTo])).status).toBe(0);
    const { status, stdout } = await run(["connect", "--finish", ...secretTo]);
    expect([status, stdout]).toEqual([1, expect.stringContaining("reload or restart it")]);
    const [webhook] = fake.workspace.webhooks;
    expect(readFileSync(join(folder, "secret.txt"), "utf8")).toBe(`${webhook?.secret}\n`);
  });

  test("stores nothing where it can't be replaced, and creates no webhook", async () => {
    const { status, stderr } = await run(["connect", address(), "--secret-to", "/proc/secret"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("/proc/secret.new")]);
    expect(fake.workspace.webhooks).toEqual([]);
  });
});
