import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkKeyFile } from "../../../src/checks/certificate.ts";
import { expiryWarning, loadTls } from "../../../src/config/tls.ts";
import type { Tls } from "../../../src/config/tls.ts";
import { isOpensslMissing, makeCertificate, openssl } from "../../helpers/certificate.ts";
import { standingClock } from "../../helpers/clock.ts";
import { runCommand } from "../../helpers/command.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { temporaryFolder } from "../../helpers/folders.ts";
import { freePort } from "../../helpers/ports.ts";

const DAY_MS = 86_400_000;
const root = temporaryFolder();

function load(tlsCertFile: string | null, tlsKeyFile: string | null, nowMs = Date.now()) {
  return loadTls({ tlsCertFile, tlsKeyFile }, { readText: (path) => readFileSync(path, "utf8"), nowMs });
}

function fileWith(text: string, name: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

test("without files TLS is not wanted", () => {
  expect(load(null, null)).toEqual({ ok: true, value: null });
});

test("one file without the other is a fault, and says which is missing", () => {
  expect(load("/cert.pem", null)).toEqual({
    ok: false,
    problem: {
      text: "TLS_CERT_FILE is set and TLS_KEY_FILE is not",
      remedy: "Set both, or none to speak plain HTTP",
    },
  });
  expect(load(null, "/key.pem")).toMatchObject({
    problem: { text: "TLS_KEY_FILE is set and TLS_CERT_FILE is not" },
  });
});

describe.skipIf(isOpensslMissing)("a certificate and its key", () => {
  const made = isOpensslMissing ? { folder: "", certFile: "", keyFile: "" } : makeCertificate(root);
  const { certFile, keyFile } = made;

  /** The certificate as it was loaded, good for 30 days. */
  function loaded(): Tls {
    const result = load(certFile, keyFile);
    if (!result.ok || result.value === null) throw new Error("not loaded");
    return result.value;
  }

  test("is fine with a key for its user and group, and has a warning with one for every user", () => {
    for (const mode of [0o400, 0o600, 0o640]) {
      chmodSync(keyFile, mode);
      expect(checkKeyFile(keyFile)).toBeNull();
    }
    chmodSync(keyFile, 0o644);
    expect(checkKeyFile(keyFile)).toEqual({
      subject: "key",
      level: "warning",
      text: `TLS_KEY_FILE: every user of this machine can read ${keyFile}`,
      remedy: `Take that right away: chmod o= ${keyFile}`,
    });
    chmodSync(keyFile, 0o600);
    for (const none of [null, join(root, "missing.pem")]) expect(checkKeyFile(none)).toBeNull();
  });

  test("are read as they are", () => {
    const { cert, key, expiresAtMs } = loaded();
    expect(cert).toBe(readFileSync(certFile, "utf8"));
    expect(key).toBe(readFileSync(keyFile, "utf8"));
    expect(Math.abs(expiresAtMs - Date.now() - 30 * DAY_MS)).toBeLessThan(60_000);
  });

  test("may be in one file, with the issuer's certificate and comments", () => {
    const issuer = readFileSync(makeCertificate(root, "issuer.example").certFile, "utf8");
    const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")];
    const path = fileWith(`subject=/CN=x\n${cert}\n# issuer\n${issuer}${key}`, "all.pem");
    expect(load(path, path)).toHaveProperty("value.key");
  });

  test("may be RSA, in the older form", () => {
    const [cert, key, old] = [join(root, "rsa.pem"), join(root, "rsa.key"), join(root, "rsa-old.key")];
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=x");
    openssl("rsa", "-in", key, "-traditional", "-out", old);
    expect(readFileSync(old, "utf8")).toContain("BEGIN RSA PRIVATE KEY");
    expect(load(cert, old)).toHaveProperty("value.key");
  });

  const encrypted = join(root, "encrypted.pem");
  const encryptedOld = join(root, "encrypted-old.pem");
  const der = join(root, "cert.der");
  const other = isOpensslMissing ? made : makeCertificate(root, "other.example");
  if (!isOpensslMissing) {
    openssl("pkcs8", "-topk8", "-in", keyFile, "-passout", "pass:word", "-out", encrypted);
    openssl("ec", "-in", keyFile, "-aes256", "-passout", "pass:word", "-out", encryptedOld);
    openssl("x509", "-in", certFile, "-outform", "der", "-out", der);
  }

  test.each([
    ["another's key", certFile, other.keyFile, "does not belong to the key in", "made together"],
    ["an encrypted key", certFile, encrypted, "is encrypted", "openssl pkey"],
    ["a key encrypted in the older form", certFile, encryptedOld, "is encrypted", "openssl pkey"],
    [
      "a file that is not there",
      join(root, "none.pem"),
      keyFile,
      "can't be read (ENOENT)",
      "Correct its name",
    ],
    ["a key that is not there", certFile, join(root, "none.pem"), "can't be read (ENOENT)", "give this user"],
    ["a folder", root, keyFile, "can't be read (EISDIR)", "Correct its name"],
    ["a certificate in DER form", der, keyFile, "holds no certificate in PEM form", "-inform der"],
    ["files that are swapped", keyFile, certFile, "holds no certificate in PEM form", "BEGIN CERTIFICATE"],
    ["a certificate for a key", certFile, certFile, "holds no private key in PEM form", "BEGIN PRIVATE KEY"],
  ])("are not %s", (_, cert, key, text, remedy) => {
    expect(load(cert, key)).toEqual({
      ok: false,
      problem: { text: expect.stringContaining(text), remedy: expect.stringContaining(remedy) },
    });
  });

  test("are not empty, cut off, or damaged", () => {
    const pem = readFileSync(certFile, "utf8");
    const damaged = pem.replace(/\n.{20}/, `\n${"A".repeat(20)}`);
    for (const [text, problem] of [
      ["", "holds no certificate"],
      [pem.slice(0, 200), "holds no certificate"],
      [damaged, "damaged certificate"],
      [`${pem}${damaged}`, "damaged certificate"],
    ] as const) {
      const path = fileWith(text, "bad.pem");
      expect(load(path, keyFile)).toEqual({
        ok: false,
        problem: { text: expect.stringContaining(problem), remedy: expect.any(String) },
      });
    }
  });

  test("are good to the last second, and not before the first one", () => {
    const { expiresAtMs } = loaded();
    expect(load(certFile, keyFile, expiresAtMs - 1)).toHaveProperty("value.cert");
    expect(load(certFile, keyFile, expiresAtMs)).toMatchObject({
      problem: { text: expect.stringMatching(/expired on \d{4}-\d\d-\d\d$/), remedy: expect.any(String) },
    });
    expect(load(certFile, keyFile, Date.now() - DAY_MS)).toMatchObject({
      problem: {
        text: expect.stringContaining("is not valid before"),
        remedy: expect.stringContaining("clock"),
      },
    });
  });

  test("are warned of from 14 days before their end", () => {
    const tls = loaded();
    const daysLeft = (days: number) => expiryWarning(tls, tls.expiresAtMs - days * DAY_MS);
    expect(daysLeft(14)).toBeNull();
    expect(daysLeft(13.9)?.text).toContain("expires in 13 days, on ");
    expect(daysLeft(1.5)?.text).toContain("expires in 1 day, on ");
    expect(daysLeft(0)?.text).toContain("has expired");
  });

  test("that are faulty keep serve from starting, with 78 and beside all other faults", async () => {
    const environment = {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_PORT: "x",
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: encrypted,
    };
    const { status, stderr } = await runCommand(["serve"], { environment });
    expect(status).toBe(78);
    expect(stderr).toContain("ELEVENLABS_WEBHOOK_PORT:");
    expect(stderr).toContain(`  TLS_KEY_FILE: ${encrypted} is encrypted. Nobody is there`);
  });

  test.each([
    ["ok", 0, 20, "fits its key and is valid until"],
    ["warning", 0, 3, "expires in 3 days"],
    ["error", 1, -1, "expired on"],
  ])("check has %s and status %i where %i days are left", async (level, status, days, text) => {
    const environment = {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
      MIN_FREE_DISK_BYTES: "0",
    };
    // A minute more than so many days before its end.
    const clock = standingClock(Math.floor(loaded().expiresAtMs / 1000) - days * 86_400 - 60);
    const run = await runCommand(["check", "--json"], { environment, clock, folder: root });
    const { checks, settings } = JSON.parse(run.stdout);
    expect(checks).toContainEqual(
      expect.objectContaining({ subject: "certificate", level, text: expect.stringContaining(text) }),
    );
    expect(run.status).toBe(status);
    expect(settings).toContainEqual({ name: "TLS_KEY_FILE", value: keyFile, origin: "environment" });
    expect(run.stdout).not.toContain("PRIVATE KEY");
  });
});

test("check says nothing of certificates where TLS is off", async () => {
  const { stdout } = await runCommand(["check"], { folder: root });
  expect(stdout).toMatch(/TLS_CERT_FILE +off +default/);
  expect(stdout).not.toMatch(/certificate {2}/);
});
