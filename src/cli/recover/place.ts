import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readSettings } from "../../config/config.ts";
import type { Settings } from "../../config/config.ts";
import { besideSettings } from "../../config/read-data.ts";
import { isGiven } from "../../config/sources.ts";
import type { ConfigSources } from "../../config/sources.ts";
import { controlPath } from "../../daemon/reload/control.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { settingsIn } from "../../service/environment-file.ts";
import { paths } from "../../service/paths.ts";
import { settingSources } from "../settings.ts";

type PlaceContext = Pick<CommandContext, "environment" | "folder" | "clock" | "machine">;

/** The receiver whose data are to be completed: where it is asked, and its settings in case it does not run. */
export type RecoverPlace = { control: string; settings: Settings };

/** Finds the receiver: that of these settings, else the service of this machine. */
export function findRecoverPlace(context: PlaceContext): Parsed<RecoverPlace> {
  const own = readSettings(settingSources(context));
  if (!own.ok) return own;
  const { settings } = own.value;
  const { machine, environment } = context;
  const isNamed =
    settings.databasePath.origin !== "default" ||
    isGiven(settings.databaseUrl) ||
    environment.RUNTIME_DIRECTORY !== undefined;
  const hasService = [paths.unit, paths.packagedUnit].some((path) => existsSync(join(machine.root, path)));
  if (isNamed || !hasService) {
    const control = controlPath(environment, () => besideSettings(settings));
    return { ok: true, value: { control, settings } };
  }
  if (!machine.isRoot)
    return { ok: false, problem: "This needs root to reach the service: run it with sudo" };
  const service = readSettings(serviceSources(context));
  if (!service.ok) return service;
  const control = join(machine.root, paths.runtime, "control");
  return { ok: true, value: { control, settings: service.value.settings } };
}

/** What the service is started with. Root reads no file of the service's own. */
function serviceSources(context: PlaceContext): ConfigSources {
  const inRoot = (path: string) => join(context.machine.root, path);
  const key = inRoot(paths.apiKey);
  return {
    ...settingSources(context),
    environment: {
      ...settingsIn(textOf(inRoot(paths.environment))),
      STATE_DIRECTORY: inRoot(paths.state),
      ...(existsSync(key) ? { ELEVENLABS_API_KEY_FILE: key } : {}),
    },
    folder: inRoot(paths.state),
    readText(path) {
      if (path === key) return readFileSync(path, "utf8");
      throw Object.assign(new Error("it is not read"), { code: "ENOENT" });
    },
  };
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
