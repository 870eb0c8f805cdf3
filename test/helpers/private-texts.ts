/** Members whose text names a thing and says nothing of a person; the log may show some of them. */
const PUBLIC_MEMBERS =
  /(^type|_id|_type|status|role|source|model|version|reason|language|currency|tier|name)$/;
const TEXT_CHARS_MIN = 8;
/** A single word tells nobody anything, and ids may be logged. */
const TELLING = /^(?!conv_|agent_).*[\s\d@]/s;

/** The texts of an event that must never reach a log: what was said, summaries, numbers, values of variables. */
export function privateTexts(value: unknown, member = ""): string[] {
  if (typeof value === "string") {
    const isPrivate = value.length >= TEXT_CHARS_MIN && TELLING.test(value) && !PUBLIC_MEMBERS.test(member);
    return isPrivate ? [value] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item) => privateTexts(item, member));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => privateTexts(inner, name));
}
