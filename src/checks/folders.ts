import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freeDiskBytes } from "../platform/disk.ts";
import { errorCode } from "../platform/errors.ts";
import { remedyFor } from "../platform/faults.ts";
import { error, ok, warning } from "./result.ts";
import { sizeText } from "../platform/text.ts";
import type { CheckResult } from "./result.ts";

/** Less than this many times the minimum will soon be too little. */
const PLENTY_FACTOR = 8;

const PROBE = /^\.check-[0-9a-f]{16}$/;

/**
 * Writes a small file and removes it: rights alone do not tell of read-only mounts, quotas and full disks.
 *
 * @param setting which names the folder, or a file in it
 */
export function checkFolder(folder: string, setting: string): CheckResult {
  const subject = "folder";
  const nearest = nearestExisting(folder);
  const missing = nearest === folder ? "" : ` (made at the first start, in ${nearest})`;
  try {
    if (!statSync(nearest).isDirectory()) {
      return error(
        subject,
        `${nearest} is not a folder, and ${setting} needs one`,
        "Move it away, or name another path.",
      );
    }
    writeFileSync(join(nearest, `.check-${randomBytes(8).toString("hex")}`), "x", {
      mode: 0o600,
      flag: "wx",
    });
  } catch (failure) {
    return error(
      subject,
      `${nearest} can't be written (${errorCode(failure)}), and ${setting} needs it`,
      remedyFor(failure),
    );
  } finally {
    removeProbes(nearest);
  }
  return ok(subject, `${folder} can be written${missing}`);
}

/** Removes the files of this check and of one that was killed. The next check removes what can't be removed now. */
function removeProbes(folder: string): void {
  try {
    for (const name of readdirSync(folder)) if (PROBE.test(name)) unlinkSync(join(folder, name));
  } catch {
    // The folder has been found to be writable.
  }
}

/** Whether enough disk is free. */
export function checkDisk(folders: readonly string[], freeDiskBytesMin: number): CheckResult {
  const subject = "disk";
  const disks = folders.map((folder) => ({ folder, free: freeDiskBytes(nearestExisting(folder)) }));
  const { folder, free } = disks.reduce((least, disk) => (disk.free < least.free ? disk : least));
  const text = `${sizeText(free)} free at ${folder}`;
  if (free < freeDiskBytesMin) {
    return error(
      subject,
      `${text}, less than MIN_FREE_DISK_BYTES (${sizeText(freeDiskBytesMin)}): deliveries are refused`,
      "Make room, or move the data to a larger disk.",
    );
  }
  if (free < freeDiskBytesMin * PLENTY_FACTOR) {
    return warning(subject, text, "Make room: an hour of recording takes about 60 MB.");
  }
  return ok(subject, text);
}

/** The user whose folder it is; null if it is not there yet. */
export function ownerOf(folder: string): number | null {
  return existsSync(folder) ? statSync(folder).uid : null;
}

/** Root may write anywhere: what it finds says little of the service's own user. */
export function checkUser(userId: number | undefined, ownerId: number | null): CheckResult | null {
  if (userId !== 0 || ownerId === 0 || ownerId === null) return null;
  return warning(
    "user",
    "this runs as root, the data belongs to another user",
    `Check as that user: sudo -u '#${ownerId}' elevenlabs-webhook check`,
  );
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
