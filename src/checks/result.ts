/** What one check found. */
export type CheckResult = {
  /** What was looked at, in one word. */
  subject: string;
  level: "ok" | "warning" | "error";
  text: string;
  /** What to do; null if nothing is wrong. */
  remedy: string | null;
};

export function ok(subject: string, text: string): CheckResult {
  return { subject, level: "ok", text, remedy: null };
}

export function warning(subject: string, text: string, remedy: string): CheckResult {
  return { subject, level: "warning", text, remedy };
}

export function error(subject: string, text: string, remedy: string): CheckResult {
  return { subject, level: "error", text, remedy };
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** `256 MiB` for 268435456. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size >= 100 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}
