import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { openTestApp } from "../../helpers/app.ts";
import { runCommand } from "../../helpers/command.ts";

const foldersLeft = () => readdirSync(tmpdir()).filter((name) => name.startsWith("elevenlabs-webhook-"));

test("prints the document that a receiver serves, and leaves nothing behind", async () => {
  const before = foldersLeft();
  const { status, stdout, stderr } = await runCommand(["openapi"]);
  expect([status, stderr]).toEqual([0, ""]);
  const app = await openTestApp({ config: { apiTokens: ["0123456789abcdef0123456789abcdef"] } });
  expect(stdout).toBe(`${await (await app.handle("/docs/json")).text()}\n`);
  await app.close();
  expect(foldersLeft()).toEqual(before);
});

test("takes no account of settings, also of faulty ones", async () => {
  const { status } = await runCommand(["openapi"], { environment: { ELEVENLABS_WEBHOOK_PORT: "none" } });
  expect(status).toBe(0);
});

test("waits until the reader has taken it", async () => {
  let isTaken = false;
  await runCommand(["openapi"], {
    outputTaken: async () => {
      await Bun.sleep(0);
      isTaken = true;
    },
  });
  expect(isTaken).toBe(true);
});
