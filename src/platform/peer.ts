// Of Linux, the same on x86-64 and arm64.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** `struct ucred`: process, user and group. */
const CREDENTIALS_BYTES = 12;
/** Of glibc and of musl. */
const C_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/**
 * Finds out how this system tells who listens at the other end of a UNIX socket.
 *
 * @returns the user of that process, as the kernel knows it, by the descriptor of a connected socket; null if this system
 *   does not tell
 */
export async function openPeerReader(): Promise<(descriptor: number) => number | null> {
  if (process.platform !== "linux") return () => null;
  // Takes 2 MB of memory: loaded only when it is needed.
  const { dlopen } = await import("bun:ffi");
  for (const name of C_LIBRARIES) {
    try {
      const { symbols } = dlopen(name, {
        getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
      });
      return (descriptor) => {
        const credentials = new Uint32Array(CREDENTIALS_BYTES / 4);
        const length = new Uint32Array([CREDENTIALS_BYTES]);
        const status = symbols.getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, length);
        return status === 0 ? (credentials[1] ?? null) : null;
      };
    } catch {
      // Another C library.
    }
  }
  return () => null;
}
