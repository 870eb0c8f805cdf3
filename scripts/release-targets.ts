/** A system that is released for. */
export type Target = {
  /** As in Bun's targets, without the leading "bun-". */
  name: string;
  /** The runtime's file in Bun's cache, where Bun puts it when it builds for a system other than its own. */
  runtime: string;
  /** What the runtime has to be, byte for byte: it comes from the package registry and is in every executable. */
  runtimeSha256: string;
  /** What runs it on an x64 machine, the programs and files that this needs, and the Debian packages that have them; null if none has. */
  run: { command: string[]; needs: string[]; packages: string } | null;
};

/** The Bun that the hashes below are of; scripts/release refuses another one. */
export const RUNTIME_VERSION = "1.4.5";

const X64 = "f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083";

/** Since Bun 1.4 one x64 runtime serves every processor from Nehalem on: x64 and x64-baseline are the same bytes. */
export const targets: Target[] = [
  {
    name: "linux-x64",
    runtime: "bun-linux-x64",
    runtimeSha256: X64,
    run: { command: [], needs: [], packages: "" },
  },
  {
    name: "linux-x64-baseline",
    runtime: "bun-linux-x64-baseline",
    runtimeSha256: X64,
    run: {
      command: ["qemu-x86_64-static", "-cpu", "Nehalem"],
      needs: ["qemu-x86_64-static"],
      packages: "qemu-user-static",
    },
  },
  {
    name: "linux-arm64",
    runtime: "bun-linux-aarch64",
    runtimeSha256: "04778f1f42399a69d086853e9c7af4acf574b2f21a43d0dc673853d8b84a2923",
    run: {
      command: ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"],
      needs: ["qemu-aarch64-static", "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1"],
      packages: "qemu-user-static libc6-arm64-cross",
    },
  },
  {
    name: "linux-x64-musl",
    runtime: "bun-linux-x64-musl",
    runtimeSha256: "cf5d285ddbe256785a5121a3c113191a6b577504976374c7cfd5aedca609b720",
    // It needs musl's own libstdc++, which Alpine has and Debian has not: the release workflow runs it there.
    run: null,
  },
];
