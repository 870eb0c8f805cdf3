import type { StoredTurn } from "../../model/turn.ts";
import { textAt } from "../../vendor/json-value.ts";

// Line ends would forge turns, and other control characters steer a terminal.
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** The turns for people, one line each: `[00:12] agent: Good morning.` */
export function transcriptText(turns: readonly StoredTurn[]): string {
  return turns.flatMap(linesOf).join("");
}

function linesOf({ role, message, timeInCallSecs, toolCalls }: StoredTurn): string[] {
  const who = `[${clock(timeInCallSecs)}] ${shown(role ?? "unknown")}`;
  const said = message === null ? [] : [`${who}: ${shown(message)}\n`];
  const used = toolCalls.map((call) => `${who} uses ${shown(textAt(call, "tool_name") ?? "a tool")}\n`);
  return [...said, ...used];
}

function shown(text: string): string {
  return text.replace(CONTROL, " ").trim();
}

/** Minutes and seconds, with the hours before them if there are some. */
function clock(seconds: number | null): string {
  if (seconds === null || seconds < 0) return "--:--";
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  const parts = minutes < 60 ? [minutes, whole % 60] : [Math.floor(minutes / 60), minutes % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
