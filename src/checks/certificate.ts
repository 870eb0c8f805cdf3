import { readFileSync, statSync } from "node:fs";
import { options } from "../config/options.ts";
import { dayOf, expiryWarning, loadTls } from "../config/tls.ts";
import type { TlsFiles } from "../config/tls.ts";
import { error, ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "certificate";
const READABLE_BY_OTHERS = 0o004;

/** Whether the files of TLS are as they should be; null if TLS is not wanted. */
export function checkCertificate(files: TlsFiles, nowMs: number): CheckResult | null {
  const loaded = loadTls(files, { readText: (path) => readFileSync(path, "utf8"), nowMs });
  if (!loaded.ok) return error(SUBJECT, loaded.problem.text, `${loaded.problem.remedy}.`);
  if (loaded.value === null) return null;
  const soon = expiryWarning(loaded.value, nowMs);
  if (soon !== null) return warning(SUBJECT, soon.text, `${soon.remedy}.`);
  return ok(SUBJECT, `fits its key and is valid until ${dayOf(loaded.value.expiresAtMs)}`);
}

/** Whether the private key is private. A group may read it: that is how several services share one. */
export function checkKeyFile(keyFile: string | null): CheckResult | null {
  const mode = keyFile === null ? undefined : statSync(keyFile, { throwIfNoEntry: false })?.mode;
  if (mode === undefined || (mode & READABLE_BY_OTHERS) === 0) return null;
  const { name } = options.tlsKeyFile;
  return warning(
    "key",
    `${name}: every user of this machine can read ${keyFile}`,
    `Take that right away: chmod o= ${keyFile}`,
  );
}
