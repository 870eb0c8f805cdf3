import { dirname } from "node:path";
import { checkApi, checkSources } from "./access.ts";
import type { ApiAccess, Access } from "./access.ts";
import { checkKeyFile } from "./certificate.ts";
import { checkDisk, checkFolder } from "./folders.ts";
import { checkLimits, readLimits } from "./limits.ts";
import { checkPort } from "./port.ts";
import type { CheckResult } from "./result.ts";

/** What these checks need to know of the configuration. */
export type Storage = {
  databasePath: string;
  /** null: recordings are not stored */
  audioFolder: string | null;
  freeDiskBytesMin: number;
  bodyBytesMax: number;
};

/** Whether the data can be kept: the folders, their disks, the limits of the process. */
export function checkStorage({
  databasePath,
  audioFolder,
  freeDiskBytesMin,
  bodyBytesMax,
}: Storage): CheckResult[] {
  const databaseFolder = dirname(databasePath);
  const folders = audioFolder === null ? [databaseFolder] : [databaseFolder, audioFolder];
  return [
    ...folders.map((folder) => checkFolder("folder", folder)),
    checkDisk(folders, freeDiskBytesMin),
    ...checkLimits(readLimits(), bodyBytesMax),
  ];
}

/**
 * What can be checked before the data is opened. `blocking` keeps the receiver from starting; with the rest it starts,
 * since a 503 that the sender may repeat is better than no answer.
 *
 * @param shared what a predecessor has, and hands over
 */
export function checkStart(
  options: Storage & Access & ApiAccess & { port: number; tlsKeyFile: string | null },
  shared = { port: false },
): { blocking: CheckResult[]; notable: CheckResult[] } {
  const port = shared.port ? [] : [checkPort(options.host, options.port)];
  const key = checkKeyFile(options.tlsKeyFile) ?? [];
  const results = [...port, checkSources(options), checkApi(options), ...checkStorage(options)].concat(key);
  return {
    blocking: results.filter(isBlocking),
    notable: results.filter((result) => result.level !== "ok" && !isBlocking(result)),
  };
}

function isBlocking({ level, subject }: CheckResult): boolean {
  return level === "error" && (subject === "port" || subject === "folder");
}
