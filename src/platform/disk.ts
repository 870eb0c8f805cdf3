import { statfsSync } from "node:fs";

/** Bytes that an unprivileged process can still write to the file system of a path. */
export function freeDiskBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
