const LOCALE = "en-GB";

const clockFormat = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const yearFormat = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long", year: "numeric" });
const momentFormat = new Intl.DateTimeFormat(LOCALE, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
const wholeFormat = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenthFormat = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const usdFormats = [0, 2, 3].map(
  (digits) =>
    new Intl.NumberFormat("en", {
      style: "currency",
      currency: "USD",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }),
);

/** `0:47`, `1:35`, `2:00:02`. */
export function lengthText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The same for a screen reader: `1 minute 35 seconds`. */
export function spokenLength(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const parts = [
    hours > 0 ? counted(hours, "hour") : "",
    counted(minutes, "minute"),
    counted(rest, "second"),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** `1 call`, `2 calls`, `1,158 calls`. */
export function counted(count: number, noun: string): string {
  return `${wholeText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function wholeText(value: number): string {
  return wholeFormat.format(value);
}

export function tenthText(value: number): string {
  return tenthFormat.format(value);
}

/** Sums and rows: two digits behind the point tell enough. */
export function usdText(value: number, digits: 0 | 2 | 3 = 2): string {
  if (digits === 2 && value > 0 && value < 0.005) return "<$0.01";
  return usdFormats[[0, 2, 3].indexOf(digits)]?.format(value) ?? "";
}

export function percentText(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** `0.94 s`; of nothing, a dash. */
export function secondsText(seconds: number | null): string {
  return seconds === null ? "–" : `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
}

/** `118 MiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? tenthText(value) : wholeText(value)} ${units[power]}`;
}

/** `09:23`. */
export function clockText(time: string): string {
  return clockFormat.format(new Date(time));
}

/** `Sat, 21 Nov 2026, 09:23`. */
export function momentText(time: string): string {
  return momentFormat.format(new Date(time));
}

/** The local day of a moment, as in an input of a date: `2026-11-21`. */
export function dayOf(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** `Today`, `Yesterday`, `Thursday 19 November`, `19 November 2025`. */
export function dayHeading(day: string, now = new Date()): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day === dayOf(now)) return "Today";
  if (day === dayOf(yesterday)) return "Yesterday";
  const date = new Date(`${day}T12:00:00`);
  return (date.getFullYear() === now.getFullYear() ? dayFormat : yearFormat).format(date).replace(",", "");
}

/** `20 Nov`, of a day in UTC, as statistics count. */
export function shortDay(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(LOCALE, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
}

/** `just now`, `2 min ago`, `3 h ago`, `5 days ago`. */
export function agoText(time: string, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - Date.parse(time)) / 1000);
  return seconds < 45 ? "just now" : `${spanText(seconds)} ago`;
}

/** `29 min`, `3 h`, `5 days`. */
export function spanText(seconds: number): string {
  if (seconds < 5400) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return counted(Math.round(seconds / 86_400), "day");
}

/** `found_free_slot` as people write: `Found free slot`. */
export function humanName(name: string): string {
  const words = name.replaceAll(/[_\s]+/g, " ").trim();
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
}
