import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../helpers/command.ts";
import { SECRET, sign, transcription } from "../../helpers/deliveries.ts";

const folder = mkdtempSync(join(tmpdir(), "verify-"));
afterAll(() => rmSync(folder, { recursive: true }));
const BODY = transcription("conv_1");
await Bun.write(join(folder, "body.json"), BODY);
await Bun.write(join(folder, "empty.json"), "");
const environment = { ELEVENLABS_WEBHOOK_SECRET: SECRET };

const verify = (args: string[], options: Parameters<typeof runCommand>[1] = {}) =>
  runCommand(["verify", ...args], { environment, folder, ...options });

test("a good signature is valid, from a file and from standard input", async () => {
  for (const given of [
    await verify(["--header", sign(BODY), "body.json"]),
    await verify(["--header", sign(BODY)], { input: BODY }),
  ]) {
    expect(given).toMatchObject({ status: 0, stderr: "" });
    expect(given.stdout).toStartWith("valid\n");
  }
});

test("names cause and remedy, and exits with 1", async () => {
  const { status, stdout } = await verify(["--header", sign(BODY)], { input: `${BODY}\n` });
  expect(status).toBe(1);
  expect(stdout).toStartWith("not valid\n");
  expect(stdout).toContain("hash    wrong  is that of the body without the line end at its end");
  expect(stdout).toMatch(/do +Whatever saved the body has added it/);
});

test("keeps the spaces of a secret on the command line, where they may be the cause", async () => {
  const { status, stdout } = await verify(["--header", sign(BODY), "--secret", `${SECRET} `, "body.json"], {
    environment: {},
  });
  expect(status).toBe(1);
  expect(stdout).toContain("the secret without the spaces or the line end around it");
});

test("tells that another configured secret is the right one", async () => {
  const { status, stdout } = await verify(["--header", sign(BODY), "--secret", "wsec_other", "body.json"]);
  expect([status, stdout]).toEqual([1, expect.stringContaining("another of the configured secrets")]);
});

test("accepts any of several configured secrets", async () => {
  const { status, stdout } = await verify(["--header", sign(BODY), "body.json"], {
    environment: { ELEVENLABS_WEBHOOK_SECRET: `wsec_old,${SECRET}` },
  });
  expect([status, stdout]).toEqual([0, expect.stringContaining("matches, with secret 2")]);
});

test("--now judges an old capture as of its time", async () => {
  const header = sign(BODY, { timestamp: 1793620800 });
  expect(await verify(["--header", header, "body.json"])).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("--now"),
  });
  for (const now of ["1793620805", "2026-11-02T12:00:05Z"]) {
    expect((await verify(["--header", header, "--now", now, "body.json"])).status).toBe(0);
  }
  expect(await verify(["--header", header, "--now", "soon", "body.json"])).toMatchObject({
    status: 64,
    stdout: "",
  });
});

test("says so where the secret has not the usual shape", async () => {
  const { stdout } = await verify(["--header", sign("other"), "--secret", "sk_0123", "body.json"]);
  expect(stdout).toContain("does not look like wsec_");
});

test("--json is one line of JSON", async () => {
  const { status, stdout } = await verify(["--json", "--header", sign(BODY), "--secret", "wsec_x"], {
    input: "other",
  });
  expect(status).toBe(1);
  const answer = JSON.parse(stdout);
  expect(answer.valid).toBe(false);
  expect(answer.findings.at(-1)).toMatchObject({
    subject: "hash",
    ok: false,
    kind: "hash-unexplained",
  });
});

test("shows no secret, whatever happens", async () => {
  for (const secret of [SECRET, `"${SECRET}"`, "wsec_short"]) {
    const { stdout, stderr } = await verify(["--header", sign(BODY), "--secret", secret], {
      input: `${BODY} `,
    });
    expect(stdout + stderr).not.toContain(secret);
  }
});

test("colours only where a person looks", async () => {
  const isTerminal = { input: false, output: true, error: true };
  const coloured = await verify(["--header", sign(BODY), "body.json"], { isTerminal });
  expect(coloured.stdout).toContain("\u001b[32m");
  const plain = await verify(["--header", sign(BODY), "body.json"], {
    isTerminal,
    environment: { ...environment, NO_COLOR: "1" },
  });
  expect(plain.stdout).not.toContain("\u001b");
});

const badInput: [what: string, args: string[], status: number, problem: string][] = [
  ["a missing file", ["--header", "x", "none.json"], 64, "none.json: there is no such file\n"],
  ["a folder", ["--header", "x", "."], 64, ". is a folder: name a file in it\n"],
  ["an empty file", ["--header", "x", "empty.json"], 64, "empty.json is empty\n"],
  [
    "empty standard input",
    ["--header", "x"],
    64,
    "standard input is empty: name a file, or pipe the body in\n",
  ],
  ["no header", ["body.json"], 64, "--header is missing: give what the ElevenLabs-Signature header held\n"],
  ["an empty secret", ["--header", "x", "--secret", " ", "body.json"], 78, "--secret is empty\n"],
];

for (const [what, args, status, problem] of badInput) {
  test(`refuses ${what} in one line`, async () => {
    expect(await verify(args)).toEqual({ status, stdout: "", stderr: problem });
  });
}

test("refuses a file that does not fit into memory, before it is read", async () => {
  const path = join(folder, "huge.json");
  writeFileSync(path, "{}");
  truncateSync(path, 1024 ** 3 + 1);
  expect(await verify(["--header", "x", "huge.json"])).toEqual({
    status: 64,
    stdout: "",
    stderr: "huge.json is larger than 1 GiB\n",
  });
});

test("says what to do without a secret", async () => {
  const { status, stderr } = await verify(["--header", "x", "body.json"], { environment: {} });
  expect(status).toBe(78);
  expect(stderr).toMatch(/^No secret: give it with --secret, or set ELEVENLABS_WEBHOOK_SECRET.*\n$/);
});

test("sign prints a header that verifies", async () => {
  const { status, stdout } = await runCommand(["sign", "body.json"], { environment, folder });
  expect(status).toBe(0);
  expect((await verify(["--header", stdout.trim(), "body.json"])).status).toBe(0);
});

test("sign takes the time, and the first of several secrets", async () => {
  const { stdout } = await runCommand(
    ["sign", "--time", "1793620800", "--secret", `${SECRET},wsec_b`, "--json"],
    { input: BODY },
  );
  expect(JSON.parse(stdout)).toEqual({ header: sign(BODY, { timestamp: 1793620800 }) });
});

test("sign refuses what it can't sign", async () => {
  for (const [args, status] of [
    [["--time", "yesterday", "body.json"], 64],
    [["none.json"], 64],
    [["--secret", ",", "body.json"], 78],
  ] as const) {
    const result = await runCommand(["sign", ...args], { environment, folder });
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(result.stderr).toMatch(/^.+\n$/);
  }
});
