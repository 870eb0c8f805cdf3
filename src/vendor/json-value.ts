// Tolerant reading: a member may be missing, null or of another type, and is null then.

export type JsonObject = { [name: string]: unknown };

const SECONDS_MAX = 253_402_300_799; // 9999-12-31T23:59:59Z
const MILLISECONDS_MIN = 100_000_000_000; // as seconds the year 5138: nobody means that

const DATE = /^(?:\d{4}-\d\d-\d\d|(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} )/;
const ZONELESS = /^[\d-]+[T ][\d:.]+$/;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of member names. */
export function valueAt(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isObject(current) || !Object.hasOwn(current, name)) return null;
    current = current[name];
  }
  return current;
}

/** A string with something in it. Lone surrogates, which UTF-8 can't hold, become U+FFFD. */
export function textAt(value: unknown, ...path: string[]): string | null {
  const found = valueAt(value, ...path);
  return typeof found === "string" && found !== "" ? found.toWellFormed() : null;
}

/** A whole number that a STRICT INTEGER column takes; fractions are rounded. */
export function integerAt(value: unknown, ...path: string[]): number | null {
  const number = numberAt(value, ...path);
  const rounded = number === null ? Number.NaN : Math.round(number);
  return Number.isSafeInteger(rounded) ? rounded : null;
}

/** A finite number, also one written as a string. */
export function numberAt(value: unknown, ...path: string[]): number | null {
  const found = valueAt(value, ...path);
  const number = typeof found === "string" && found.trim() !== "" ? Number(found) : found;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Unix seconds from a number, a number as a string, milliseconds, or a date in words (RFC 3339, RFC 2822). */
export function secondsAt(value: unknown, ...path: string[]): number | null {
  const number = numberAt(value, ...path);
  const isMilliseconds = number === null || number >= MILLISECONDS_MIN;
  const time = number ?? parseDateMs(textAt(value, ...path) ?? "");
  return wholeSeconds(isMilliseconds ? time / 1000 : time);
}

/** Unix seconds from unix nanoseconds, as OpenTelemetry writes times. */
export function secondsOfNano(nanoseconds: number | null): number | null {
  return nanoseconds === null ? null : wholeSeconds(nanoseconds / 1e9);
}

/** null before 1970 and after the year 9999: every reader of the column can write the rest as a date. */
function wholeSeconds(time: number): number | null {
  const seconds = Math.floor(time);
  return seconds >= 0 && seconds <= SECONDS_MAX ? seconds : null;
}

function parseDateMs(text: string): number {
  // Date.parse would read a date in "line 7" too, and take one without a zone for local time.
  if (!DATE.test(text)) return Number.NaN;
  return Date.parse(ZONELESS.test(text) ? `${text.replace(" ", "T")}Z` : text);
}

/** True if objects and arrays are nested deeper than `levelsMax`. Runs on every event: plain loops, no copies. */
export function isDeeperThan(value: unknown, levelsMax: number): boolean {
  if (Array.isArray(value)) {
    return levelsMax === 0 || value.some((inner) => isDeeperThan(inner, levelsMax - 1));
  }
  if (!isObject(value)) return false;
  if (levelsMax === 0) return true;
  for (const name in value) {
    if (typeof value[name] === "object" && isDeeperThan(value[name], levelsMax - 1)) return true;
  }
  return false;
}
