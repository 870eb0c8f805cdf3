/** What a request wants of a file. `end` is not included. */
export type ByteRange =
  { kind: "whole" } | { kind: "part"; start: number; end: number } | { kind: "unsatisfiable" };

/**
 * Reads a Range header (RFC 9110, section 14). What is no range of bytes, and several ranges, may be ignored by it: the
 * answer is the whole file then.
 */
export function readRange(header: string | null, byteCount: number): ByteRange {
  const [, first = "", last = ""] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return { kind: "whole" };
  if (first === "") {
    const start = Math.max(0, byteCount - Number(last));
    return start < byteCount ? { kind: "part", start, end: byteCount } : { kind: "unsatisfiable" };
  }
  const start = Number(first);
  const end = last === "" ? byteCount : Math.min(byteCount, Number(last) + 1);
  if (last !== "" && Number(last) < start) return { kind: "whole" };
  return start < byteCount ? { kind: "part", start, end } : { kind: "unsatisfiable" };
}
