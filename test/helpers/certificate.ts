import { mkdtempSync } from "node:fs";
import { join } from "node:path";

/** Without it there is nothing to test TLS with. */
export const isOpensslMissing = Bun.which("openssl") === null;

if (isOpensslMissing) console.warn("SKIPPED: everything about TLS: no openssl");

/** Runs openssl. @throws where it fails */
export function openssl(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { stdin: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
}

/** A key and a certificate that it signs itself, good for so many days from now, in a new folder below the one given. */
export function makeCertificate(folder: string, name = "webhooks.example.com", days = 30) {
  const own = mkdtempSync(join(folder, "tls-"));
  const certFile = join(own, "cert.pem");
  const keyFile = join(own, "key.pem");
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  openssl("req", "-x509", ...newKey, "-out", certFile, "-days", String(days), ...subject);
  return { folder: own, certFile, keyFile };
}
