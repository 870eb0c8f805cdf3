import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Parsed } from "../../config-values.ts";

export type Environment = Record<string, string | undefined>;

/** What systemd and the login say of the process itself; systemd.exec(5). A command beside it has its own or none. */
const OF_THE_PROCESS = [
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "INVOCATION_ID",
  "JOURNAL_STREAM",
  "NOTIFY_SOCKET",
  "SYSTEMD_EXEC_PID",
  "WATCHDOG_USEC",
];
const CREDENTIALS_PREFIX = "credentials-";
const SAFE_NAME = /^[\w.-]{1,255}$/;

/** What a `reload` brings along: the environment of the command, and files that only root can read, in base64. */
export type Fresh = {
  environment?: Record<string, string> | undefined;
  credentials?: Record<string, string> | undefined;
};

/** The environment of a successor: that of this process, or the fresh one with what belongs to the process. */
export function successorEnvironment(own: Environment, fresh: Fresh): Parsed<Environment> {
  const environment: Environment = { ...(fresh.environment ?? own) };
  if (fresh.environment !== undefined) for (const name of OF_THE_PROCESS) environment[name] = own[name];
  // It has another number, and is watched all the same.
  delete environment.WATCHDOG_PID;
  if (fresh.credentials === undefined) return { value: environment };

  const folder = own.RUNTIME_DIRECTORY?.split(":")[0];
  if (folder === undefined) {
    return { problem: "credentials need a folder to be kept in: set RuntimeDirectory= in the unit" };
  }
  return { value: withCredentials(environment, fresh.credentials, folder, own.CREDENTIALS_DIRECTORY) };
}

/**
 * systemd reads credentials once, at the start. Fresh ones go into a folder of this process' own, and whatever names the
 * old folder then names the new one.
 */
function withCredentials(
  environment: Environment,
  credentials: Record<string, string>,
  runtimeFolder: string,
  inUse: string | undefined,
): Environment {
  for (const name of readdirSync(runtimeFolder)) {
    if (name.startsWith(CREDENTIALS_PREFIX) && name !== basename(inUse ?? "")) {
      rmSync(join(runtimeFolder, name), { recursive: true });
    }
  }
  const folder = join(runtimeFolder, `${CREDENTIALS_PREFIX}${randomBytes(8).toString("hex")}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, content] of Object.entries(credentials)) {
    if (SAFE_NAME.test(name))
      writeFileSync(join(folder, name), Buffer.from(content, "base64"), { mode: 0o600 });
  }
  const before = environment.CREDENTIALS_DIRECTORY;
  const moved = Object.entries(environment).map(([name, value]) =>
    before !== undefined && value?.startsWith(`${before}/`)
      ? [name, `${folder}${value.slice(before.length)}`]
      : [name, value],
  );
  return { ...Object.fromEntries(moved), CREDENTIALS_DIRECTORY: folder };
}
