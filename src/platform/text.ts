/** Text of others on one line, without control characters, which could steer a terminal. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{C}/gu, "?");
}

/** A whole number from text; null for any other text, and for one outside the range. */
export function wholeNumber(text: string, { min, max }: { min: number; max: number }): number | null {
  const isNumber = /^-?\d{1,15}$/.test(text) && (min < 0 || !text.startsWith("-"));
  const value = Number(text);
  return isNumber && value >= min && value <= max ? value : null;
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

/** With a capital letter, and a full stop at its end. */
export function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
