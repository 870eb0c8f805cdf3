import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { options } from "./options.ts";
import { errorCode, hasCode } from "../platform/errors.ts";
import type { Parsed } from "../platform/parsed.ts";

const DAY_MS = 86_400_000;
const WARN_DAYS = 14;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/** What a server needs to speak TLS, in PEM form, and until when its certificate is good (Unix ms). */
export type Tls = { cert: string; key: string; expiresAtMs: number };

/** What is wrong, and what to do. */
type TlsFinding = { text: string; remedy: string };

export type TlsFiles = { tlsCertFile: string | null; tlsKeyFile: string | null };

type Read<T> = Parsed<T, TlsFinding>;

/** Reads certificate and key, and checks that senders will accept them. null in `value`: TLS is not wanted. */
export function loadTls(
  { tlsCertFile, tlsKeyFile }: TlsFiles,
  { readText, nowMs }: { readText: (path: string) => string; nowMs: number },
): Read<Tls | null> {
  const { name: certName } = options.tlsCertFile;
  const { name: keyName } = options.tlsKeyFile;
  if (tlsCertFile === null && tlsKeyFile === null) return { ok: true, value: null };
  if (tlsCertFile === null || tlsKeyFile === null) {
    const [missing, given] = tlsCertFile === null ? [certName, keyName] : [keyName, certName];
    return fault(`${given} is set and ${missing} is not`, "Set both, or none to speak plain HTTP");
  }
  const cert = readPem(certName, tlsCertFile, readText);
  if (!cert.ok) return cert;
  const key = readPem(keyName, tlsKeyFile, readText);
  if (!key.ok) return key;

  const certificate = parseCertificate(`${certName}: ${tlsCertFile}`, cert.value);
  if (!certificate.ok) return certificate;
  const privateKey = parseKey(`${keyName}: ${tlsKeyFile}`, key.value);
  if (!privateKey.ok) return privateKey;
  if (!certificate.value.checkPrivateKey(privateKey.value)) {
    return fault(
      `${certName}: the first certificate in ${tlsCertFile} does not belong to the key in ${tlsKeyFile}`,
      "Name the two files that were made together; the host's own certificate comes first, its issuer's after it",
    );
  }
  const { validFrom, validTo } = certificate.value;
  const expiresAtMs = Date.parse(validTo);
  if (nowMs >= expiresAtMs) {
    return fault(
      `${certName}: the certificate in ${tlsCertFile} expired on ${dayOf(expiresAtMs)}`,
      "Renew it: no sender accepts it",
    );
  }
  if (nowMs < Date.parse(validFrom)) {
    return fault(
      `${certName}: the certificate in ${tlsCertFile} is not valid before ${dayOf(Date.parse(validFrom))}`,
      "Look at the clock: timedatectl",
    );
  }
  return { ok: true, value: { cert: cert.value, key: key.value, expiresAtMs } };
}

/** What to say of a certificate that is about to expire; null while there is time. */
export function expiryWarning({ expiresAtMs }: Tls, nowMs: number): TlsFinding | null {
  const days = Math.floor((expiresAtMs - nowMs) / DAY_MS);
  if (days >= WARN_DAYS) return null;
  const left = expiresAtMs <= nowMs ? "has expired" : `expires in ${days} ${days === 1 ? "day" : "days"}`;
  return {
    text: `the TLS certificate ${left}, on ${dayOf(expiresAtMs)}`,
    remedy: "Renew it and reload the service: the tool that renews it should do both",
  };
}

/** A date for people, such as 2026-11-02, in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function readPem(name: string, path: string, readText: (path: string) => string): Read<string> {
  try {
    return { ok: true, value: readText(path) };
  } catch (error) {
    return fault(
      `${name}: ${path} can't be read (${errorCode(error)})`,
      "Correct its name, or give this user the right to read it",
    );
  }
}

/** The host's own certificate, which comes first. Those of its issuers have to be valid as well. */
function parseCertificate(file: string, pem: string): Read<X509Certificate> {
  const blocks = pem.match(CERTIFICATE) ?? [];
  try {
    const [own] = blocks.map((block) => new X509Certificate(block));
    if (own !== undefined) return { ok: true, value: own };
  } catch {
    return fault(`${file} holds a damaged certificate`, "Copy it again, whole");
  }
  return fault(
    `${file} holds no certificate in PEM form`,
    "It has a line -----BEGIN CERTIFICATE-----; of a file in DER form openssl x509 -inform der makes one",
  );
}

function parseKey(file: string, pem: string): Read<KeyObject> {
  try {
    return { ok: true, value: createPrivateKey(pem) };
  } catch (error) {
    if (hasCode(error, "ERR_MISSING_PASSPHRASE")) {
      return fault(
        `${file} is encrypted`,
        "Nobody is there to type its passphrase: write it without one by openssl pkey -in OLD -out NEW, for this user alone",
      );
    }
    return fault(
      `${file} holds no private key in PEM form`,
      "It has a line -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----",
    );
  }
}

function fault(text: string, remedy: string): { ok: false; problem: TlsFinding } {
  return { ok: false, problem: { text, remedy } };
}
