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
