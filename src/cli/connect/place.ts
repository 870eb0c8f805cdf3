import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readSettings } from "../../config/config.ts";
import type { Settings } from "../../config/config.ts";
import { besideSettings } from "../../config/read-data.ts";
import { readVariables } from "../../config/sources.ts";
import type { ConnectionPaths } from "../../connect/files.ts";
import type { ReloadWay } from "../../connect/steps.ts";
import { controlPath } from "../../daemon/reload/control.ts";
import { errorCode, hasCode } from "../../platform/errors.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { settingsIn } from "../../service/environment-file.ts";
import { systemdOf } from "../../service/machine.ts";
import { NAME, paths } from "../../service/paths.ts";
import type { Given } from "../command.ts";
import { reloadAt } from "../reload.ts";
import { settingSources } from "../settings.ts";

const SECRET_FILE = "ELEVENLABS_WEBHOOK_SECRET_FILE";
/** Beside the secret, unless that is the service's. */
const CONNECTION = "connection.json";

/** Where the receiver on this machine has its secret, and how it is reloaded. */
export type Place = ConnectionPaths & {
  reload: ReloadWay;
  /** Returns why it has not reloaded, or null. */
  reloadNow: () => Promise<string | null>;
  /** The receiver's, as far as this command can read them. */
  settings: Settings;
};

/** Finds the receiver that is to be connected. */
export function findPlace(given: Given, context: CommandContext): Parsed<Place> {
  const { machine, environment, folder } = context;
  const secretOfService = join(machine.root, paths.secret);
  const variables = readVariables(settingSources(context));
  if (!variables.ok) return variables;
  const named = given.secretTo ?? variables.value[SECRET_FILE]?.text;
  const isService =
    named === undefined ? hasService(machine.root) : resolve(folder, named) === secretOfService;
  if (isService) return placeOfService(context, secretOfService);
  if (named === undefined) {
    return {
      ok: false,
      problem: `Nothing says in which file the receiver has its secret: set ${SECRET_FILE}, or name a file with --secret-to`,
    };
  }
  const read = readSettings(settingSources(context));
  if (!read.ok) return read;
  const { settings } = read.value;
  const secret = resolve(folder, named);
  const control = controlPath(environment, () => besideSettings(settings));
  const ownFile = variables.value[SECRET_FILE]?.text;
  const isReachable = ownFile !== undefined && resolve(folder, ownFile) === secret && existsSync(control);
  const value: Place = {
    secret,
    connection: join(dirname(secret), CONNECTION),
    reload: isReachable ? "control socket" : "by hand",
    reloadNow: () => reloadAt(control),
    settings,
  };
  return { ok: true, value };
}

function hasService(root: string): boolean {
  return [paths.unit, paths.packagedUnit].some((path) => existsSync(join(root, path)));
}

function placeOfService(context: CommandContext, secret: string): Parsed<Place> {
  const { machine, environment } = context;
  if (!machine.isRoot) return { ok: false, problem: "This needs root: run it with sudo" };
  const file = readText(join(machine.root, paths.environment));
  if (!file.ok) return file;
  // What is set to nothing counts as not set.
  const given = Object.entries(environment).filter(([, text = ""]) => text.trim() !== "");
  const read = readSettings({
    ...settingSources(context),
    environment: { ...settingsIn(file.value), ...Object.fromEntries(given) },
    folder: paths.state,
    // Root reads nothing of the service's own.
    readText: () => {
      throw Object.assign(new Error("not read"), { code: "ENOENT" });
    },
  });
  if (!read.ok) return read;
  const systemd = systemdOf(machine, environment.PATH);
  const value: Place = {
    secret,
    connection: join(machine.root, paths.connection),
    reload: "service",
    reloadNow: async () => {
      const { isGood, text } = systemd.systemctl("reload", NAME);
      return isGood ? null : `systemctl reload ${NAME}: ${text}`;
    },
    settings: read.value.settings,
  };
  return { ok: true, value };
}

function readText(path: string): Parsed<string> {
  try {
    return { ok: true, value: readFileSync(path, "utf8") };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { ok: true, value: "" };
    return { ok: false, problem: `${path} can't be read (${errorCode(error)})` };
  }
}
