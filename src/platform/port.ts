import { readdirSync, readlinkSync } from "node:fs";

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

/**
 * Has all new connections to a port go to the second of the two listeners that share it, the successor. By itself the
 * kernel spreads them over both, and the predecessor could never stop without cutting off somebody who has just
 * connected. When one listener goes, all go to the other one again.
 *
 * @throws where the kernel or the C library does not do it
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
    // `struct sock_fprog`: how many instructions, and where.
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
