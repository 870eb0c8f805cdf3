import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseForwardConfig, readForwardConfig } from "../../../src/forward/config.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString("base64")}`;
const crm = { name: "crm", url: "https://crm.example.com/hooks/calls?key=letmein", secret: SECRET };

const parse = (...destinations: unknown[]) => parseForwardConfig(JSON.stringify({ destinations }));

function problemsOf(...destinations: unknown[]): readonly string[] {
  const read = parse(...destinations);
  return read.ok ? [] : read.problem;
}

describe("the file of destinations", () => {
  test("has defaults for all but name, address and secret", () => {
    expect(parse(crm)).toEqual({
      ok: true,
      value: [
        {
          name: "crm",
          url: "https://crm.example.com/hooks/calls?key=letmein",
          host: "crm.example.com",
          keys: [new Uint8Array(KEY)],
          types: null,
          agents: null,
          payload: "full",
          headers: {},
          wantsErased: false,
        },
      ],
    });
  });

  test("says what a destination wants", () => {
    const next = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    const read = parse({
      ...crm,
      url: "http://127.0.0.1:5678/webhook/calls",
      secret: [next, SECRET],
      types: ["post_call_transcription", "call_initiation_failure"],
      agents: ["agent_1"],
      payload: "slim",
      headers: { Authorization: "Bearer abc" },
      conversation_erased: true,
    });
    expect(read).toMatchObject({
      ok: true,
      value: [
        {
          host: "127.0.0.1:5678",
          keys: [new Uint8Array(24).fill(9), new Uint8Array(KEY)],
          types: ["post_call_transcription", "call_initiation_failure"],
          agents: ["agent_1"],
          payload: "slim",
          headers: { authorization: "Bearer abc" },
          wantsErased: true,
        },
      ],
    });
  });

  test("needs no secret for an OTLP endpoint", () => {
    const read = parse({ name: "traces", url: "http://127.0.0.1:4318/v1/traces", payload: "otlp" });
    expect(read).toMatchObject({ ok: true, value: [{ payload: "otlp", keys: [] }] });
  });

  test.each(["", " \n"])("names no destination if it is empty", (text) => {
    expect(parseForwardConfig(text)).toEqual({ ok: true, value: [] });
  });

  test.each(["{", "[]", '{"destinations": {}}', "null"])("is refused if it is %s", (text) => {
    expect(parseForwardConfig(text)).toMatchObject({ ok: false, problem: [expect.any(String)] });
  });

  test("has every problem reported at once, each with its place", () => {
    const problems = problemsOf({ ...crm, url: "ftp://letmein" }, { ...crm, name: "Bad Name" }, crm, {
      ...crm,
      name: "second",
      secret: "letmein",
      typ: 1,
    });
    expect(problems.map((problem) => problem.slice(0, problem.indexOf(": ", 16)))).toEqual([
      "FORWARD_CONFIG: destinations[0] (crm).url",
      "FORWARD_CONFIG: destinations[1].name",
      "FORWARD_CONFIG: destinations[3] (second)",
      "FORWARD_CONFIG: destinations[3] (second).secret",
    ]);
  });

  test("has no two destinations of one name", () => {
    expect(problemsOf(crm, crm)).toEqual([
      "FORWARD_CONFIG: destinations[1] (crm).name: another destination has this name",
    ]);
  });

  test.each([
    ["url", "https://user:letmein@example.com/"],
    ["url", "https://example.com/#letmein"],
    ["url", `https://example.com/${"letmein".repeat(400)}`],
    ["url", "letmein"],
    ["secret", "whsec_letmein"],
    ["secret", `whsec_${Buffer.alloc(23).toString("base64")}`],
    ["secret", `whsec_${Buffer.alloc(65).toString("base64")}`],
    ["secret", `${SECRET} letmein`],
    ["secret", KEY.toString("base64")],
    ["secret", []],
    ["secret", Array.from({ length: 5 }, () => SECRET)],
    ["secret", undefined],
    ["types", []],
    ["types", ["letmein"]],
    ["types", ["conversation_erased"]],
    ["agents", []],
    ["agents", Array.from({ length: 257 }, (_, index) => `agent_${index}`)],
    ["payload", "letmein"],
    ["headers", { "letmein letmein": "x" }],
    ["headers", { "X-Key": "letmein\r\nX-Other: y" }],
    ["headers", { "X-Key": "" }],
    ["headers", { "X-Key": 7 }],
    ["headers", { "X-Key": "a", "x-key": "b" }],
    ["headers", { Host: "letmein" }],
    ["headers", { "Webhook-Id": "letmein" }],
    ["headers", { "Content-Length": "letmein" }],
    ["headers", Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`x-${index}`, "letmein"]))],
    ["conversation_erased", "letmein"],
    ["letmein letmein", "letmein"],
  ])("is refused for a faulty %s (%#), without quoting it", (member, value) => {
    const problems = problemsOf({ ...crm, [member]: value });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain("letmein");
    expect(problems.join()).not.toContain(SECRET);
  });

  test.each([
    ["types", ["post_call_transcription_otel"]],
    ["conversation_erased", true],
  ])("gives an OTLP endpoint no %s", (member, value) => {
    const problems = problemsOf({ ...crm, payload: "otlp", [member]: value });
    expect(problems).toEqual([expect.stringContaining(`destinations[0] (crm).${member}`)]);
  });

  test("has at most 16 destinations", () => {
    const many = Array.from({ length: 17 }, (_, index) => ({ ...crm, name: `crm-${index}` }));
    expect(parse(...many.slice(1))).toMatchObject({ ok: true });
    expect(problemsOf(...many)).toEqual([expect.stringContaining("17 destinations")]);
  });
});

describe("the file itself", () => {
  function write(content: string | Uint8Array, mode = 0o600): string {
    const path = join(temporaryFolder(), "forward.json");
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  test("is read if it is for its owner, or for a group to read", () => {
    const text = JSON.stringify({ destinations: [crm] });
    for (const mode of [0o600, 0o400, 0o640]) {
      expect(readForwardConfig(write(text, mode))).toMatchObject({ ok: true, value: [{ name: "crm" }] });
    }
  });

  test.each([0o644, 0o604, 0o602, 0o620])("is refused with the mode %d, with the remedy", (mode) => {
    const path = write(JSON.stringify({ destinations: [crm] }), mode);
    const read = readForwardConfig(path);
    expect(read).toMatchObject({ ok: false, problem: [expect.stringContaining(`chmod 600 ${path}`)] });
  });

  test("names no destination if none is configured", () => {
    expect(readForwardConfig(null)).toEqual({ ok: true, value: [] });
  });

  test.each([
    ["is larger than 64 KiB", () => write(" ".repeat(64 * 1024 + 1))],
    ["is no text", () => write(Uint8Array.of(0xff, 0xfe))],
    ["is a folder", () => temporaryFolder()],
    ["is not there", () => join(temporaryFolder(), "nothing")],
  ])("is refused if it %s", (_, path) => {
    expect(readForwardConfig(path())).toMatchObject({ ok: false, problem: [expect.any(String)] });
  });
});
