import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { successorSurroundings } from "../../../src/daemon/reload/environment.ts";
import type { Fresh, Surroundings } from "../../../src/daemon/reload/environment.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

function surroundings(own: Surroundings, fresh: Fresh): Surroundings {
  const found = successorSurroundings(own, fresh);
  if (!found.ok) throw new Error(found.problem);
  return found.value;
}

test("without anything fresh a successor has what its predecessor had, and its own process number watched", () => {
  const own = {
    environment: { LOG_LEVEL: "DEBUG", WATCHDOG_USEC: "1", WATCHDOG_PID: "7" },
    args: ["--port=1"],
  };
  expect(surroundings(own, {})).toEqual({
    environment: { LOG_LEVEL: "DEBUG", WATCHDOG_USEC: "1" },
    args: ["--port=1"],
  });
});

test("a fresh environment replaces the settings, also those that are gone, but not what belongs to the process", () => {
  const own = { environment: { LOG_LEVEL: "DEBUG", NOTIFY_SOCKET: "/run/notify", HOME: "/" }, args: [] };
  const fresh = {
    environment: { UNKNOWN_EVENT_STATUS: "200", HOME: "/root", STATE_DIRECTORY: "/elsewhere" },
  };
  expect(surroundings(own, fresh).environment).toEqual({
    UNKNOWN_EVENT_STATUS: "200",
    NOTIFY_SOCKET: "/run/notify",
    HOME: "/",
    STATE_DIRECTORY: undefined,
  });
});

test("fresh credentials go into a folder of their own, which everything that named the old one names then", () => {
  const folder = temporaryFolder();
  const systemd = "/run/credentials/x.service";
  const own = {
    environment: { RUNTIME_DIRECTORY: folder, CREDENTIALS_DIRECTORY: systemd },
    args: [`--tls-key-file=${systemd}/KEY`],
  };
  const fresh = {
    environment: { SOME_FILE: `${systemd}/SECRET`, CREDENTIALS_DIRECTORY: systemd },
    credentials: { SECRET: Buffer.from("wsec_1").toString("base64"), "../KEY": "", KEY: "" },
  };
  const first = surroundings(own, fresh);
  const made = String(first.environment.CREDENTIALS_DIRECTORY);
  expect(first.environment.SOME_FILE).toBe(`${made}/SECRET`);
  expect(first.args).toEqual([`--tls-key-file=${made}/KEY`]);
  expect(readdirSync(made).toSorted()).toEqual(["KEY", "SECRET"]);
  expect(readFileSync(join(made, "SECRET"), "utf8")).toBe("wsec_1");
  expect([statSync(made).mode & 0o777, statSync(join(made, "SECRET")).mode & 0o777]).toEqual([0o700, 0o600]);

  // The one after it speaks of systemd's folder again, and those that nobody uses any more go.
  mkdirSync(join(folder, "credentials-old"));
  const second = surroundings(first, {
    ...fresh,
    environment: { SOME_FILE: `${systemd}/SECRET`, CREDENTIALS_DIRECTORY: systemd },
  });
  const next = String(second.environment.CREDENTIALS_DIRECTORY);
  expect(second.environment.SOME_FILE).toBe(`${next}/SECRET`);
  expect(second.args).toEqual([`--tls-key-file=${next}/KEY`]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test("credentials without a folder to keep them in are refused", () => {
  const found = successorSurroundings({ environment: {}, args: [] }, { credentials: {} });
  expect(found).toEqual({ ok: false, problem: expect.stringContaining("RuntimeDirectory=") });
});
