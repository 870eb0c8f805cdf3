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
