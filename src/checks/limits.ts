import { readFileSync } from "node:fs";
import { ok, warning } from "./result.ts";
import { sizeText } from "../platform/text.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "limits";
/**
 * A delivery in flight takes a socket and up to two files, and there may be 1024 of them. Connections without a complete
 * request take one each, and only this limit bounds their number.
 */
const OPEN_FILES_MIN = 16_384;
/** Measured: 77 MB with four recordings of 100 MB at once. */
const MEMORY_BYTES_MIN = 160 * 1024 ** 2;

/** What the system allows a process; null if there is no limit or none that can be read. */
type ProcessLimits = {
  openFiles: number | null;
  fileBytes: number | null;
  memoryBytes: number | null;
};

/** The limits of this process, as far as Linux tells them. */
export function readLimits(): ProcessLimits {
  const text = readOr("/proc/self/limits", "");
  return {
    openFiles: numberOf(/^Max open files\s+(\d+)/m.exec(text)?.[1]),
    fileBytes: numberOf(/^Max file size\s+(\d+)/m.exec(text)?.[1]),
    memoryBytes: numberOf(/^\d+/.exec(readOr("/sys/fs/cgroup/memory.max", ""))?.[0]),
  };
}

export function checkLimits(
  { openFiles, fileBytes, memoryBytes }: ProcessLimits,
  bodyBytesMax: number,
): CheckResult[] {
  const results: CheckResult[] = [];
  if (openFiles !== null && openFiles < OPEN_FILES_MIN) {
    results.push(
      warning(
        SUBJECT,
        `${openFiles} open files are allowed, fewer than ${OPEN_FILES_MIN}: idle connections of strangers may use them up`,
        "Raise it: LimitNOFILE=65536 in the unit, or ulimit -n.",
      ),
    );
  }
  if (fileBytes !== null && fileBytes < bodyBytesMax) {
    results.push(
      warning(
        SUBJECT,
        `files may have ${sizeText(fileBytes)}, less than MAX_BODY_BYTES (${sizeText(bodyBytesMax)})`,
        "Raise it: LimitFSIZE=infinity in the unit, or ulimit -f unlimited.",
      ),
    );
  }
  if (memoryBytes !== null && memoryBytes < MEMORY_BYTES_MIN) {
    results.push(
      warning(
        SUBJECT,
        `${sizeText(memoryBytes)} of memory are allowed`,
        `Allow ${sizeText(MEMORY_BYTES_MIN)}.`,
      ),
    );
  }
  return results.length > 0 ? results : [ok(SUBJECT, `${openFiles ?? "unlimited"} open files`)];
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
