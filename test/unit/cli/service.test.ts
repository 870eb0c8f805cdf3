import { beforeEach, describe, expect, test } from "bun:test";
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
import { unitText } from "../../../src/service/unit.ts";
import { runCommand } from "../../helpers/command.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { temporaryFolder } from "../../helpers/folders.ts";
import { freePort } from "../../helpers/ports.ts";

const UNIT = "etc/systemd/system/elevenlabs-webhook.service";
const ENVIRONMENT = "etc/elevenlabs-webhook/environment";
const INSTALLED = "usr/local/bin/elevenlabs-webhook";

let root: string;
/** Where the commands are that stand for systemd's, and what they remember. */
let tools: string;
let program: string;
let port: number;

beforeEach(async () => {
  root = temporaryFolder();
  tools = temporaryFolder();
  program = join(temporaryFolder(), "elevenlabs-webhook");
  port = await freePort();
  writeFileSync(program, "version 1");
  mkdirSync(join(root, "run/systemd/system"), { recursive: true });
  putOnPath("journalctl", "echo complaint");
  putOnPath("systemctl", systemctl());
  putOnPath("sleep", "");
});

/** Stands for systemctl: remembers what it was told, and whether the service runs. @param start what a start does */
function systemctl({ version = 252, start = "touch $state/is-active" } = {}): string {
  return `state=${tools}
echo "$*" >> $state/told
case $1 in
  --version) echo "systemd ${version} (${version}-1)" ;;
  start | restart | reload) ${start} ;;
  enable) touch $state/is-enabled ;;
  stop) rm -f $state/is-active ;;
  disable) rm -f $state/is-enabled $state/is-active ;;
  is-active | is-enabled) [ -e $state/$1 ] ;;
  show) echo "Receiving" ;;
esac`;
}

function putOnPath(name: string, script: string): void {
  const path = join(tools, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const told = () => {
  const path = join(tools, "told");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  return lines.filter((line) => /^(start|stop|restart|reload|enable|disable|daemon)/.test(line));
};

const filesThere = () =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted();

function run(args: string[], { input = "", isRoot = true, isTerminal = false } = {}) {
  return runCommand(["service", ...args], {
    environment: { PATH: `${tools}:/usr/bin:/bin` },
    machine: { root, isRoot, executable: program },
    isTerminal: { input: isTerminal, output: false, error: false },
    input,
  });
}

const install = (...args: string[]) => run(["install", "--port", String(port), ...args], { input: SECRET });

test("a first install writes five files, starts the service and says what comes next", async () => {
  const { status, stdout, stderr } = await install();
  expect([status, stderr]).toEqual([0, ""]);
  expect(filesThere()).toEqual([
    "60-elevenlabs-webhook.conf",
    "elevenlabs-webhook",
    "elevenlabs-webhook.service",
    "environment",
    "secret",
  ]);
  expect(told()).toEqual(["daemon-reload", "enable elevenlabs-webhook", "start elevenlabs-webhook"]);
  expect(stdout).toContain("wrote    /etc/elevenlabs-webhook/secret");
  expect(stdout).toContain("Started: Receiving");
  expect(stdout).toContain(`send --sample transcription --url http://127.0.0.1:${port}/webhook`);
  expect(stdout + stderr).not.toContain(SECRET.slice(10));
});

describe("who may deliver", () => {
  const settings = () =>
    readFileSync(join(root, ENVIRONMENT), "utf8")
      .split("\n")
      .filter((line) => /^(ALLOWED_SOURCES|TRUSTED_PROXIES)=/.test(line));

  /** The secret comes from a file: the terminal is there for the answer. */
  function installWithAnswer(input: string, ...args: string[]) {
    const file = join(temporaryFolder(), "secret");
    writeFileSync(file, SECRET);
    return run(["install", "--port", String(port), "--secret-file", file, ...args], {
      input,
      isTerminal: true,
    });
  }

  test.each([
    ["1\n", ['ALLOWED_SOURCES="elevenlabs,127.0.0.1"']],
    ["2\n", ['ALLOWED_SOURCES="elevenlabs,127.0.0.1"', 'TRUSTED_PROXIES="127.0.0.1"']],
    ["3\n", []],
    ["\n", []],
  ])("is asked at the first install from a terminal: %j", async (answer, expected) => {
    const { status, stderr } = await installWithAnswer(answer);
    expect([status, settings()]).toEqual([0, expected]);
    expect(stderr).toContain("1  only ElevenLabs, straight to this machine");
    const again = await installWithAnswer("1\n");
    expect([again.stderr, settings()]).toEqual(["", expected]);
  });

  test("is not asked if it is given, or if nobody is there to answer", async () => {
    const { status, stderr } = await installWithAnswer("", "--allowed-sources", "192.0.2.1");
    expect([status, stderr, settings()]).toEqual([0, "", ['ALLOWED_SOURCES="192.0.2.1"']]);
    expect((await install()).stderr).toBe("");
  });

  test("another answer changes nothing", async () => {
    const { status, stderr } = await installWithAnswer("yes\n");
    expect([status, filesThere()]).toEqual([78, []]);
    expect(stderr).toEndWith("The answer is 1, 2 or 3. Nothing was changed\n");
  });

  test("is advised to be named as long as it is everybody", async () => {
    expect((await install()).stdout).toMatch(
      /Advice: +every address may deliver .*ALLOWED_SOURCES=elevenlabs/,
    );
    expect((await install("--allowed-sources", "elevenlabs")).stdout).not.toContain("Advice");
  });
});

test("the secret comes from a file, and can be changed by another install", async () => {
  await install();
  const file = join(temporaryFolder(), "secret");
  writeFileSync(file, `wsec_${"a".repeat(64)}\n`);
  const { status, stdout } = await install("--secret-file", file);
  expect(status).toBe(0);
  expect(stdout).toContain("changed  /etc/elevenlabs-webhook/secret");
  const secret = join(root, "etc/elevenlabs-webhook/secret");
  expect(readFileSync(secret, "utf8")).toBe(`wsec_${"a".repeat(64)}\n`);
  expect(statSync(secret).mode & 0o777).toBe(0o600);
  expect(told().at(-1)).toBe("reload elevenlabs-webhook");
});

test("a second install changes nothing and says so", async () => {
  await install();
  const before = told().length;
  const { status, stdout } = await run(["install"]);
  expect(status).toBe(0);
  expect(stdout.match(/^ {2}kept/gm)).toHaveLength(5);
  expect(stdout).toContain("It runs already: Receiving");
  expect(told()).toHaveLength(before);
});

test("a newer executable is an upgrade, and nothing else changes", async () => {
  await install();
  writeFileSync(program, "version 2");
  const { stdout } = await run(["install"]);
  expect(stdout).toContain("changed  /usr/local/bin/elevenlabs-webhook");
  expect(stdout.match(/^ {2}kept/gm)).toHaveLength(4);
  expect(told().at(-1)).toBe("reload elevenlabs-webhook");
  expect(readFileSync(join(root, INSTALLED), "utf8")).toBe("version 2");
});

test("a unit of another version takes no restart, and what it says counts from the next one", async () => {
  await install();
  const unit = join(root, "etc/systemd/system/elevenlabs-webhook.service");
  writeFileSync(unit, readFileSync(unit, "utf8").replace("TasksMax=512", "TasksMax=256"));
  const { stdout } = await run(["install"]);
  expect(told().at(-1)).toBe("reload elevenlabs-webhook");
  expect(stdout).toContain('counts from the next "systemctl restart elevenlabs-webhook"');
  expect((await run(["install", "--public"])).stdout).not.toContain("counts from the next");
  expect(told().at(-1)).toBe("restart elevenlabs-webhook");
});

test("a first install that does not start leaves nothing, and says what the service complained of", async () => {
  putOnPath("systemctl", systemctl({ start: "echo 'Job failed' >&2; exit 1" }));
  const { status, stdout, stderr } = await install();
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    "The service does not start; everything is as it was before.\n" +
      "systemctl start elevenlabs-webhook: Job failed\n  complaint\n",
  );
  expect(filesThere()).toEqual([]);
  expect(told().slice(-3)).toEqual([
    "stop elevenlabs-webhook",
    "disable elevenlabs-webhook",
    "daemon-reload",
  ]);
});

test("an upgrade that does not start brings the old version back", async () => {
  await install();
  writeFileSync(program, "version 2");
  putOnPath("systemctl", systemctl({ start: `grep -q 1 ${root}/${INSTALLED}` }));
  const { status } = await run(["install", "--log-level", "DEBUG"]);
  expect(status).toBe(1);
  expect(readFileSync(join(root, INSTALLED), "utf8")).toBe("version 1");
  expect(readFileSync(join(root, ENVIRONMENT), "utf8")).toContain("\n#LOG_LEVEL=INFO\n");
  // The one before has never stopped.
  expect(told().slice(-2)).toEqual(["reload elevenlabs-webhook", "daemon-reload"]);
});

test("a first install that starts and ends at once leaves nothing, and says so", async () => {
  putOnPath("sleep", `rm -f ${tools}/is-active`);
  const { status, stdout, stderr } = await install();
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    "The service does not start; everything is as it was before.\n" +
      "It started, and ended within 3 seconds\n  complaint\n",
  );
  expect(filesThere()).toEqual([]);
});

test("an upgrade that takes over and ends at once brings the old version back, and starts it", async () => {
  await install();
  writeFileSync(program, "version 2");
  putOnPath("sleep", `rm -f ${tools}/is-active`);
  const { status, stderr } = await run(["install"]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("everything is as it was before")]);
  expect(readFileSync(join(root, INSTALLED), "utf8")).toBe("version 1");
  expect(told().slice(-3)).toEqual([
    "reload elevenlabs-webhook",
    "daemon-reload",
    "restart elevenlabs-webhook",
  ]);
});

test("an upgrade whose process is another one a little later has not come up", async () => {
  await install();
  writeFileSync(program, "version 2");
  putOnPath("systemctl", systemctl().replace('show) echo "Receiving"', "show) date +%N"));
  const { status, stderr } = await run(["install"]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("ended within 3 seconds")]);
});

test("an upgrade after which neither version starts says so", async () => {
  await install();
  writeFileSync(program, "version 2");
  putOnPath("systemctl", systemctl({ start: "exit 1" }));
  // Another unit: a reload would not do.
  const { stderr } = await run(["install", "--public"]);
  expect(stderr).toStartWith("The service does not start; the old version is back and does not start either");
});

test("a dry run says what would be done, and does nothing", async () => {
  const { status, stdout } = await run(["install", "--dry-run", "--port", String(port)], {
    isTerminal: true,
  });
  expect(status).toBe(0);
  expect(stdout.match(/^ {2}write {4}\//gm)).toHaveLength(5);
  expect(filesThere()).toEqual([]);
});

test("a dry run needs no systemd, and says that an install would", async () => {
  putOnPath("systemctl", "exit 1");
  const { status, stdout, stderr } = await run(["install", "--dry-run", "--port", String(port)]);
  expect(status).toBe(0);
  expect(stdout.match(/^ {2}write {4}\//gm)).toHaveLength(5);
  expect(stderr).toContain("Warning: systemd does not run on this machine");
  expect(filesThere()).toEqual([]);
});

test("an install makes a token for the API once, says where it is, and shows it to nobody", async () => {
  const { status, stdout, stderr } = await install("--make-api-token");
  expect([status, stderr]).toEqual([0, ""]);
  const path = join(root, "etc/elevenlabs-webhook/api-token");
  const token = readFileSync(path, "utf8");
  expect(token).toMatch(/^[0-9a-f]{64}\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(stdout).toContain("wrote    /etc/elevenlabs-webhook/api-token");
  expect(stdout).toContain("$(cat /etc/elevenlabs-webhook/api-token)");
  expect(stdout).not.toContain(token.trim());
  expect(readFileSync(join(root, ENVIRONMENT), "utf8")).toContain('\nAPI_SOURCES="127.0.0.0/8, ');
  await run(["install", "--make-api-token"]);
  expect(readFileSync(path, "utf8")).toBe(token);
});

test("an install takes the API's token from a file", async () => {
  const file = join(temporaryFolder(), "token");
  writeFileSync(file, "0123456789abcdef0123456789abcdef");
  expect((await install("--api-token-file", file)).status).toBe(0);
  expect(readFileSync(join(root, "etc/elevenlabs-webhook/api-token"), "utf8")).toBe(
    "0123456789abcdef0123456789abcdef\n",
  );
});

describe("an install changes nothing and says why", () => {
  const cases: [string, () => ReturnType<typeof run>, number, RegExp][] = [
    ["without root", () => run(["install"], { isRoot: false }), 1, /^This needs root: run it with sudo\n$/],
    ["without a secret", () => run(["install"]), 78, /^No secret: name a file .*Nothing was changed\n$/],
    [
      "with a missing secret file",
      () => install("--secret-file", "nowhere"),
      78,
      /nowhere: there is no such file/,
    ],
    ["with an empty secret file", () => install("--secret-file", emptyFile()), 78, /is empty/],
    [
      "with a missing token file",
      () => install("--api-token-file", "nowhere"),
      78,
      /nowhere: there is no such file/,
    ],
    [
      "with two tokens",
      () => install("--api-token-file", program, "--make-api-token"),
      78,
      /exclude each other/,
    ],
    [
      "with a new token that would be sent unencrypted",
      () => install("--public", "--make-api-token"),
      78,
      /--make-api-token: with --public and without HTTPS/,
    ],
    ["on a low port", () => install("--port", "80"), 78, /80 is below 1024: .*--public/],
    ["on no port", () => install("--port", "x"), 78, /ELEVENLABS_WEBHOOK_PORT: "x" is not a whole number/],
    ["on a taken port", installOnTakenPort, 1, /^Port \d+ is taken by .*: stop it, or choose another port/],
    ["with data elsewhere", () => install("--audio-storage-path", "/srv/a"), 78, /may only write below/],
    ["with half a certificate", () => install("--tls-key-file", "k"), 78, /belong together: give both/],
    [
      "with a certificate that is not there",
      () => installWithTls("nowhere"),
      78,
      /TLS_CERT_FILE: .*nowhere can't be read/,
    ],
    [
      "with a certificate that is none",
      () => installWithTls(program),
      78,
      /holds no certificate in PEM form/,
    ],
  ];

  test.each(cases)("%s", async (_, start, expected, message) => {
    const { status, stdout, stderr } = await start();
    expect([status, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(message);
    expect(filesThere()).toEqual([]);
    expect(told()).toEqual([]);
  });

  function emptyFile(): string {
    const path = join(temporaryFolder(), "empty");
    writeFileSync(path, "");
    return path;
  }

  async function installOnTakenPort() {
    const server = Bun.serve({ port: 0, fetch: () => new Response() });
    const result = await install("--port", String(server.port));
    await server.stop(true);
    return result;
  }

  const installWithTls = (file: string) =>
    install("--public", "--tls-cert-file", file, "--tls-key-file", file);

  test.each([
    [
      "too old",
      () => putOnPath("systemctl", systemctl({ version: 245 })),
      /systemd 248 or newer is needed.*245/,
    ],
    ["not there", () => putOnPath("systemctl", "exit 1"), /systemd does not run on this machine/],
  ])("where systemd is %s", async (_, prepare, message) => {
    prepare();
    const { status, stderr } = await install();
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(filesThere()).toEqual([]);
  });

  test("where the system can't write", async () => {
    writeFileSync(join(root, "etc"), "not a folder");
    const { status, stderr } = await install();
    expect(status).toBe(1);
    expect(stderr).toMatch(/E[A-Z]+.*\. Nothing was changed\n$/);
    expect(existsSync(join(root, INSTALLED))).toBe(false);
  });

  test("where only the source runs", async () => {
    const { status, stderr } = await runCommand(["service", "install"]);
    expect([status, stderr]).toEqual([1, "Only the compiled program can be installed\n"]);
  });
});

test("print writes the unit", async () => {
  const { status, stdout } = await run(["print", "--public"], { isRoot: false });
  expect([status, stdout]).toEqual([0, unitText({ isPublic: true, tls: null })]);
});

test("no flag takes a secret, which everybody on the machine could read", async () => {
  for (const flag of ["--secret", "--api-token"]) {
    const { status, stderr } = await run(["install", flag, SECRET]);
    expect([status, stderr]).toEqual([64, expect.stringContaining(`unknown option '${flag}'`)]);
  }
});

test("another action is refused", async () => {
  const { status, stderr } = await run(["start"]);
  expect([status, stderr]).toEqual([
    64,
    "service start: there is no such action: install, print or uninstall\n",
  ]);
});

test("an uninstall keeps settings, secret and data, and says where", async () => {
  await install();
  mkdirSync(join(root, "var/lib/private/elevenlabs-webhook"), { recursive: true });
  const dry = await run(["uninstall", "--dry-run"]);
  expect(dry.stdout).toContain("  remove  /usr/local/bin/elevenlabs-webhook\n");
  expect(existsSync(join(root, UNIT))).toBe(true);

  const { status, stdout } = await run(["uninstall"]);
  expect(status).toBe(0);
  expect(stdout).toContain("removed  /etc/systemd/system/elevenlabs-webhook.service\n");
  expect(stdout).toContain("sudo rm -r /etc/elevenlabs-webhook /var/lib/private/elevenlabs-webhook\n");
  expect(filesThere()).toEqual(["environment", "secret"]);
  expect(told().slice(-2)).toEqual(["disable --now elevenlabs-webhook", "daemon-reload"]);
  expect((await run(["uninstall"])).stdout).toContain("elevenlabs-webhook is not installed.\n");
});

test("an uninstall that can't stop the service removes nothing", async () => {
  await install();
  putOnPath("systemctl", `[ $1 = --version ] && echo "systemd 252" || { echo "Access denied"; exit 1; }`);
  const { status, stderr } = await run(["uninstall"]);
  expect([status, stderr]).toEqual([1, "The service can't be stopped, nothing was removed: Access denied\n"]);
  expect(existsSync(join(root, UNIT))).toBe(true);
});
