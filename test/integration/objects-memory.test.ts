import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";

const MIB = 1024 * 1024;
const RECORDING_BYTES = 100 * MIB;
const GROWTH_BYTES_MAX = 20 * MIB;

/** Uploads a small recording and a large one, and prints by how much the most memory that was taken has grown. */
const upload = (endpoint: string, spoolFolder: string): string => `
  const { openObjects } = await import(${JSON.stringify(join(import.meta.dir, "../../src/store/objects/objects.ts"))});
  const { readFileSync } = await import("node:fs");
  const objects = { kind: "s3", bucket: "calls", prefix: "", region: "eu-west-1", endpoint: ${JSON.stringify(endpoint)},
    accessKeyId: "key", secretAccessKey: "secret", sessionToken: null };
  const log = { debug() {}, info() {}, warning: console.error, error: console.error };
  const store = await openObjects({ objects, spoolFolder: ${JSON.stringify(spoolFolder)}, storesRecordings: true, log });
  const highest = () => 1024 * Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  async function put(byteCount) {
    const file = await store.newRecordings.create();
    const bytes = Buffer.alloc(${MIB});
    for (let written = 0; written < byteCount; written += bytes.byteLength) file.write(bytes);
    await store.newRecordings.put(file, ["2026/11/02/a.mp3"], "0".repeat(64));
    await file.discard();
  }
  await put(${MIB});
  const before = highest();
  await put(${RECORDING_BYTES});
  console.log(highest() - before);
  await store.close();`;

test.skipIf(isOpensslMissing)("an upload over TLS takes little memory", async () => {
  const folder = mkdtempSync(join(tmpdir(), "objects-"));
  const { keyFile, certFile } = makeCertificate(folder, "localhost");
  const received: number[] = [];
  const server = Bun.serve({
    port: 0,
    maxRequestBodySize: 2 * RECORDING_BYTES,
    tls: { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") },
    async fetch(request) {
      let byteCount = 0;
      for await (const piece of request.body ?? []) byteCount += piece.byteLength;
      received.push(byteCount);
      return new Response();
    },
  });
  try {
    const code = upload(`https://localhost:${server.port}`, join(folder, "spool"));
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certFile };
    const child = Bun.spawn([process.execPath, "-e", code], { env, stdout: "pipe", stderr: "pipe" });
    const [text, faults] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect([faults, received]).toEqual(["", [MIB, RECORDING_BYTES]]);
    expect(Number(text)).toBeGreaterThanOrEqual(0);
    expect(Number(text)).toBeLessThan(GROWTH_BYTES_MAX);
  } finally {
    await server.stop(true);
    rmSync(folder, { recursive: true });
  }
});
