import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckResult } from "../../../src/checks/result.ts";
import { runCommand } from "../../helpers/command.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const crm = { name: "crm", url: "https://crm.example.com/hooks?key=letmein", secret: SECRET };

/** What `check` finds of a file of destinations, and all that it prints. */
async function check(content: object | string, mode = 0o600) {
  const path = join(temporaryFolder(), "forward.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(path, mode);
  const { status, stdout } = await runCommand(["check", "--json"], { environment: { FORWARD_CONFIG: path } });
  const { checks }: { checks: CheckResult[] } = JSON.parse(stdout);
  return { path, status, stdout, checks: checks.filter(({ subject }) => subject === "forward") };
}

test("check says whom events are sent on to, by name and host alone", async () => {
  const { checks, stdout } = await check({
    destinations: [crm, { ...crm, name: "n8n", url: "http://127.0.0.1:5678/" }],
  });
  const text = "events are sent on to crm (crm.example.com), n8n (127.0.0.1:5678)";
  expect(checks).toEqual([{ subject: "forward", level: "ok", text, remedy: null }]);
  expect(stdout).not.toContain("letmein");
});

test("check names every fault of the file, and is an error", async () => {
  const { checks, status, stdout } = await check({
    destinations: [
      { ...crm, secret: "letmein" },
      { ...crm, url: 1 },
    ],
  });
  expect(checks).toEqual([
    {
      subject: "forward",
      level: "error",
      text: expect.stringContaining("FORWARD_CONFIG: destinations[0] (crm).secret: it has to be whsec_"),
      remedy: "Correct the file: without it, or with it empty, FORWARD_CONFIG is off.",
    },
    expect.objectContaining({ text: expect.stringContaining("destinations[1] (crm).url: it has to be") }),
  ]);
  expect(status).toBe(1);
  expect(stdout).not.toContain("letmein");
});

test("check has the remedy for a file that others may read", async () => {
  const { checks, path } = await check({ destinations: [crm] }, 0o644);
  expect(checks).toEqual([
    {
      subject: "forward",
      level: "error",
      text: `FORWARD_CONFIG: ${path} holds secrets and addresses, and other users may read or change it`,
      remedy: `Take that right away: chmod 600 ${path}`,
    },
  ]);
});

test("check says nothing of destinations if there is no file", async () => {
  const { stdout } = await runCommand(["check", "--json"]);
  expect(stdout).not.toContain('"subject":"forward"');
});
