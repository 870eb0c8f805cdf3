import type { Clock } from "../platform/clock.ts";
import { portFault, tryToListen } from "../platform/port.ts";
import { request } from "../sender/request.ts";
import { error, ok } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "port";
const SERVICE = "elevenlabs-webhook";
const HEALTH_MS_MAX = 2000;

/** Whether this program could listen there now. */
export function checkPort(host: string, port: number): CheckResult {
  const failure = tryToListen(host, port);
  if (failure === null) return ok(SUBJECT, `${port} is free`);
  const { text, remedy } = portFault(failure, host, port);
  return error(SUBJECT, text, remedy);
}

/** The same for somebody who looks at a running system: our own receiver on the port is as it should be. */
export async function checkPortOrReceiver(options: {
  host: string;
  port: number;
  origin: string;
  clock: Clock;
}): Promise<CheckResult> {
  const { host, port, origin, clock } = options;
  const found = checkPort(host, port);
  if (found.level === "ok") return found;
  const answer = await request(new URL("/health", origin), {
    init: {},
    timeoutMs: HEALTH_MS_MAX,
    isOwn: true,
    clock,
  });
  if (answer.kind === "unanswered" || !answer.text.includes(`"${SERVICE}"`)) return found;
  if (answer.status === 200) return ok(SUBJECT, `${port} is that of a running receiver, which is healthy`);
  return error(
    SUBJECT,
    `${port} is that of a running receiver, which is not healthy: ${answer.text.trim()}`,
    "Look at its log.",
  );
}
