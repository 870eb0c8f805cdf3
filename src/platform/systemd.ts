import { fstatSync } from "node:fs";

/** Sends one message to the service manager: lines such as `READY=1` or `STATUS=...`. Never waits, never throws. */
export type Notify = (message: string) => void;

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const MSG_DONTWAIT_NOSIGNAL = 0x4040;
/** Of `sun_path`, which has to end with a NUL unless the name is abstract. */
const SOCKET_NAME_BYTES_MAX = 107;
const RETRY_MS = 100;
const PENDING_MAX = 50;

/**
 * Opens the way to the service manager, the protocol of sd_notify(3).
 *
 * A datagram is sent by the C library: a spawned `systemd-notify` takes a process each time and NotifyAccess=all.
 *
 * @param socketName what $NOTIFY_SOCKET holds: a path, or `@` and an abstract name; without one nothing is ever sent
 * @throws if it is neither, or the C library can't be used
 */
export async function openNotify(socketName: string | undefined): Promise<Notify> {
  if (socketName === undefined || socketName === "") return () => {};
  const address = socketAddress(socketName);
  // Takes 2 MB of memory: only under a manager.
  const { dlopen } = await import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "usize", "i32", "ptr", "u32"], returns: "i64" },
  });
  const socket = symbols.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (socket < 0) throw new Error("no socket can be opened");

  const send = (message: string) => {
    const bytes = Buffer.from(message);
    const { byteLength } = bytes;
    return (
      symbols.sendto(socket, bytes, byteLength, MSG_DONTWAIT_NOSIGNAL, address, address.byteLength) >= 0n
    );
  };

  // A manager that is busy, or restarts, takes nothing for a while. To wait for it would be to stop receiving.
  const pending: string[] = [];
  const retry = () => {
    while (pending[0] !== undefined && send(pending[0])) pending.shift();
    if (pending.length > 0) setTimeout(retry, RETRY_MS).unref();
  };
  return (message) => {
    if (pending.length === 0 && send(message)) return;
    if (pending.push(message) === 1) setTimeout(retry, RETRY_MS).unref();
    // The oldest one is out of date first.
    if (pending.length > PENDING_MAX) pending.shift();
  };
}

/** `struct sockaddr_un`, as long as the name needs. */
function socketAddress(name: string): Buffer {
  const path = Buffer.from(name.startsWith("@") ? `\0${name.slice(1)}` : `${name}\0`);
  const byteCount = Buffer.byteLength(name);
  if (!/^[/@]./.test(name) || byteCount > SOCKET_NAME_BYTES_MAX) {
    throw new Error("it is neither a path nor an abstract name of at most 107 bytes");
  }
  // The family is a 16-bit number of the machine, and all that we are built for are little-endian.
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), path]);
}

/**
 * How often the manager wants to hear from this process, in milliseconds; null if it does not watch.
 *
 * @param environment $WATCHDOG_USEC, and $WATCHDOG_PID if only one process is meant: sd_watchdog_enabled(3)
 */
export function watchdogMs(environment: Record<string, string | undefined>, pid: number): number | null {
  const { WATCHDOG_USEC: micros = "", WATCHDOG_PID: watched = String(pid) } = environment;
  return /^[1-9]\d{0,14}$/.test(micros) && watched === String(pid) ? Number(micros) / 1000 : null;
}

/** True if what is written to that descriptor goes to the journal, which $JOURNAL_STREAM names: systemd.exec(5). */
export function isJournal(stream: string | undefined, descriptor: number): boolean {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return stream === `${dev}:${ino}`;
}
