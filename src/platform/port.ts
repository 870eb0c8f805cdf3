import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { hasCode } from "./errors.ts";

// Of Linux, the same on x86-64 and arm64.
const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const BPF_RET_K = 0x06;
const SOCKET_ADDRESS_BYTES = 128;
const DESCRIPTORS_MAX = 4096;

/** Listens for a moment, and lets nobody share the port meanwhile. Returns what keeps this program from it. */
export function tryToListen(hostname: string, port: number): Error | null {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return null;
  } catch (failure) {
    return failure instanceof Error ? failure : new Error(String(failure));
  }
}

/** What keeps this program from listening there, and what to do. */
export function portFault(error: unknown, host: string, port: number): { text: string; remedy: string } {
  if (hasCode(error, "EADDRINUSE")) {
    const owner = portOwner(port) ?? "another program";
    return {
      text: `${port} is taken by ${owner}`,
      remedy: "Stop it, or set ELEVENLABS_WEBHOOK_PORT to a free one.",
    };
  }
  if (hasCode(error, "EACCES")) {
    return { text: `${port} needs more rights`, remedy: "Use one above 1023, or put a proxy in front." };
  }
  const isOther = error instanceof Error && "code" in error && error.code !== "EADDRNOTAVAIL";
  return {
    text: `${port} can't be opened on ${host}: ${isOther ? error.message : "not an address of this machine"}`,
    remedy: "Set ELEVENLABS_WEBHOOK_HOST to an address of this machine, or to 0.0.0.0.",
  };
}

/** Name and number of the process that listens on a port; null if the system does not tell us. */
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

/**
 * Has all new connections to a port go to the second of the two listeners that share it, the successor. By itself the
 * kernel spreads them over both, and the predecessor could never stop without cutting off somebody who has just
 * connected. When one listener goes, all go to the other one again.
 *
 * @throws if the kernel or the C library does not do it
 */
export async function steerToSecond(port: number): Promise<void> {
  const { dlopen, ptr } = await import("bun:ffi");
  const { symbols, close } = dlopen("libc.so.6", {
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  });
  const isListener = (descriptor: number): boolean => {
    const value = new Int32Array(1);
    const address = new Uint8Array(SOCKET_ADDRESS_BYTES);
    if (symbols.getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, value, new Uint32Array([4])) !== 0)
      return false;
    if (value[0] !== 1) return false;
    const length = new Uint32Array([SOCKET_ADDRESS_BYTES]);
    if (symbols.getsockname(descriptor, address, length) !== 0) return false;
    return new DataView(address.buffer).getUint16(2) === port;
  };
  try {
    const descriptor = socketDescriptors().find(isListener);
    if (descriptor === undefined) throw new Error(`no socket that listens on ${port} is found`);
    // `struct sock_filter`: return the index of the listener. The group keeps them in the order in which they came.
    const filter = new DataView(new ArrayBuffer(8));
    filter.setUint16(0, BPF_RET_K, true);
    filter.setUint32(4, 1, true);
    // `struct sock_fprog`: the number of instructions, and their address.
    const program = new BigUint64Array([1n, BigInt(ptr(filter.buffer))]);
    if (symbols.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, 16) !== 0) {
      throw new Error("the kernel refuses it");
    }
  } finally {
    close();
  }
}

function socketDescriptors(): number[] {
  const folder = "/proc/self/fd";
  const isSocket = (name: string): boolean => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      // Closed since.
      return false;
    }
  };
  return readdirSync(folder).slice(0, DESCRIPTORS_MAX).filter(isSocket).map(Number);
}
