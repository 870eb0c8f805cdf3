import { dirname } from "node:path";
import type { DataConfig } from "../config/data.ts";
import { options } from "../config/options.ts";
import { checkApi, checkSources } from "./access.ts";
import type { ApiAccess, Access } from "./access.ts";
import { checkKeyFile } from "./certificate.ts";
import { checkDisk, checkFolder } from "./folders.ts";
import { checkLimits, readLimits } from "./limits.ts";
import { checkPort } from "./port.ts";
import type { CheckResult } from "./result.ts";

/** What these checks need to know of the configuration. */
type DataSettings = {
  data: DataConfig;
  /** Whether new recordings are stored. */
  storeAudio: boolean;
  freeDiskBytesMin: number;
  bodyBytesMax: number;
};

/** Whether the data can be kept: the folders, their disks, the limits of the process. */
export function checkStorage(settings: DataSettings): CheckResult[] {
  const { freeDiskBytesMin, bodyBytesMax } = settings;
  const folders = foldersOf(settings);
  return [
    ...folders.map(({ folder, setting }) => checkFolder(folder, setting)),
    checkDisk(
      folders.map(({ folder }) => folder),
      freeDiskBytesMin,
    ),
    ...checkLimits(readLimits(), bodyBytesMax),
  ];
}

/** The folders that are written to, and the settings that name them. */
function foldersOf({ data, storeAudio }: DataSettings): { folder: string; setting: string }[] {
  if (data.kind === "shared") return [{ folder: data.spoolFolder, setting: options.spoolFolder.name }];
  const folder = { folder: dirname(data.databasePath), setting: options.databasePath.name };
  return storeAudio
    ? [folder, { folder: data.recordingsFolder, setting: options.audioFolder.name }]
    : [folder];
}

/**
 * What can be checked before the data is opened. `blocking` keeps the receiver from starting; with the rest it starts,
 * since a 503 that the sender may repeat is better than no answer.
 *
 * @param shared what a predecessor has, and hands over
 */
export function checkStart(
  config: DataSettings & Access & ApiAccess & { port: number; tlsKeyFile: string | null },
  shared = { port: false },
): { blocking: CheckResult[]; notable: CheckResult[] } {
  const port = shared.port ? [] : [checkPort(config.host, config.port)];
  const key = checkKeyFile(config.tlsKeyFile) ?? [];
  const results = [...port, checkSources(config), checkApi(config), ...checkStorage(config)].concat(key);
  return {
    blocking: results.filter(isBlocking),
    notable: results.filter((result) => result.level !== "ok" && !isBlocking(result)),
  };
}

function isBlocking({ level, subject }: CheckResult): boolean {
  return level === "error" && (subject === "port" || subject === "folder");
}
