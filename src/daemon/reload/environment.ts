import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Parsed } from "../../platform/parsed.ts";

export type Environment = Record<string, string | undefined>;

/** Variables of the process itself, from systemd and the login: systemd.exec(5). A command has its own, or none. */
const OF_THE_PROCESS = [
  "CACHE_DIRECTORY",
  "CONFIGURATION_DIRECTORY",
  "CREDENTIALS_DIRECTORY",
  "HOME",
  "INVOCATION_ID",
  "JOURNAL_STREAM",
  "LOGNAME",
  "LOGS_DIRECTORY",
  "NOTIFY_SOCKET",
  "RUNTIME_DIRECTORY",
  "SHELL",
  "STATE_DIRECTORY",
  "SYSTEMD_EXEC_PID",
  "USER",
  "WATCHDOG_USEC",
];
const CREDENTIALS_PREFIX = "credentials-";
const SAFE_NAME = /^[\w.-]{1,255}$/;

/** What a `reload` brings along: the environment of the command, and files that only root can read, in base64. */
export type Fresh = {
  environment?: Record<string, string> | undefined;
  credentials?: Record<string, string> | undefined;
};

/** What a process is started with. */
export type Surroundings = { environment: Environment; args: readonly string[] };

/** What a successor is started with: the environment of this process, or the fresh one with the variables of the process. */
export function successorSurroundings(own: Surroundings, fresh: Fresh): Parsed<Surroundings> {
  const environment = { ...(fresh.environment ?? own.environment) };
  if (fresh.environment !== undefined) {
    for (const name of OF_THE_PROCESS) environment[name] = own.environment[name];
  }
  // The successor has another process id, and is watched too.
  delete environment.WATCHDOG_PID;
  if (fresh.credentials === undefined) return { ok: true, value: { environment, args: own.args } };

  const runtimeFolder = own.environment.RUNTIME_DIRECTORY?.split(":")[0];
  if (runtimeFolder === undefined) {
    return {
      ok: false,
      problem: "credentials need a folder to be kept in: set RuntimeDirectory= in the unit",
    };
  }
  const before = own.environment.CREDENTIALS_DIRECTORY ?? "";
  const folder = writeCredentials(fresh.credentials, runtimeFolder, before);
  // The fresh environment names systemd's folder, the arguments name the one in use.
  const names = [fresh.environment?.CREDENTIALS_DIRECTORY, before].filter(
    (name) => name !== undefined && name !== "",
  );
  const moved = (text: string) =>
    names.reduce<string>((result, name) => result.replaceAll(`${name}/`, `${folder}/`), text);
  const values = Object.entries(environment).map(([name, value]) => [name, value && moved(value)]);
  return {
    ok: true,
    value: {
      environment: { ...Object.fromEntries(values), CREDENTIALS_DIRECTORY: folder },
      args: own.args.map(moved),
    },
  };
}

/**
 * systemd reads credentials once, at the start, and nobody can write to where it keeps them. Fresh ones go into a folder of
 * this process's own; `inUse` is kept for as long as this process may need it.
 *
 * @returns the folder
 */
function writeCredentials(credentials: Record<string, string>, runtimeFolder: string, inUse: string): string {
  for (const name of readdirSync(runtimeFolder)) {
    if (name.startsWith(CREDENTIALS_PREFIX) && name !== basename(inUse)) {
      rmSync(join(runtimeFolder, name), { recursive: true });
    }
  }
  const folder = join(runtimeFolder, `${CREDENTIALS_PREFIX}${randomBytes(8).toString("hex")}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, content] of Object.entries(credentials)) {
    if (!SAFE_NAME.test(name)) continue;
    writeFileSync(join(folder, name), Buffer.from(content, "base64"), { mode: 0o600 });
  }
  return folder;
}
