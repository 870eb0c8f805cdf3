import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { Clock } from "../platform/clock.ts";
import { hasCode } from "../platform/errors.ts";
import { tryToListen } from "../platform/port.ts";
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
  if (hasCode(failure, "EADDRINUSE")) {
    return error(
      SUBJECT,
      `${port} is taken by ${portOwner(port) ?? "another program"}`,
      "Stop it, or set ELEVENLABS_WEBHOOK_PORT to a free one.",
    );
  }
  if (hasCode(failure, "EACCES")) {
    return error(SUBJECT, `${port} needs more rights`, "Use one above 1023, or put a proxy in front.");
  }
  const why = hasCode(failure, "EADDRNOTAVAIL") ? "not an address of this machine" : failure.message;
  return error(
    SUBJECT,
    `can't listen on ${host}, port ${port}: ${why}`,
    "Set ELEVENLABS_WEBHOOK_HOST to an address of this machine, or to 0.0.0.0.",
  );
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

/** Name and number of the process that listens on a port; null where the system does not tell us. */
function portOwner(port: number): string | null {
  try {
    const inodes = new Set(["tcp", "tcp6"].flatMap((table) => listeningInodes(table, port)));
    for (const processId of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (!holdsSocket(processId, inodes)) continue;
      // Not `comm`, which is cut off after 15 characters.
      const name = basename(readlinkSync(`/proc/${processId}/exe`));
      return `${name} (process ${processId})`;
    }
  } catch {
    // Not Linux, or not for our eyes: the answer is "another program".
  }
  return null;
}

function listeningInodes(table: string, port: number): string[] {
  const LISTEN = "0A";
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = readFileSync(`/proc/net/${table}`, "utf8").split("\n").slice(1);
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    return local.endsWith(`:${hexPort}`) && state === LISTEN ? [inode] : [];
  });
}

function holdsSocket(processId: string, inodes: ReadonlySet<string>): boolean {
  try {
    const folder = `/proc/${processId}/fd`;
    return readdirSync(folder).some((descriptor) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${descriptor}`)) ?? [];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    // Another user's process, or one that has just ended.
    return false;
  }
}
