import { options } from "../config/options.ts";
import { readForwardConfig } from "../forward/config.ts";
import { error, ok } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "forward";

/** Every fault of the file of destinations, or whom events are sent on to; empty if that is not wanted. */
export function checkForward(forwardConfig: string | null): CheckResult[] {
  if (forwardConfig === null) return [];
  const read = readForwardConfig(forwardConfig);
  if (!read.ok) return read.problem.map(faultOf);
  if (read.value.length === 0) return [ok(SUBJECT, "no destinations")];
  const names = read.value.map(({ name, host }) => `${name} (${host})`);
  return [ok(SUBJECT, `events are sent on to ${names.join(", ")}`)];
}

/** Some problems say what to do about them, behind the last colon. */
function faultOf(problem: string): CheckResult {
  const { name } = options.forwardConfig;
  const [, what, remedy] = /^(.*): ((?:take|correct) .*)$/s.exec(problem) ?? [];
  if (what === undefined || remedy === undefined) {
    return error(SUBJECT, problem, `Correct the file: without it, or with it empty, ${name} is off.`);
  }
  return error(SUBJECT, what, `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`);
}
