import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isOpensslMissing, makeCertificate, openssl } from "../helpers/certificate.ts";
import { SECRET, transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { openRaw, requestHead } from "../helpers/raw.ts";
import { runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { largeAudio, sendStream } from "../helpers/stream.ts";

setDefaultTimeout(60_000);

const MB = 1000 * 1000;
const CUT_MS_MAX = 36_000;
const root = temporaryFolder();

describe.skipIf(isOpensslMissing)("with a certificate of its own", () => {
  let receiver: Receiver;
  let environment: Record<string, string>;
  let files: ReturnType<typeof makeCertificate>;

  beforeAll(async () => {
    files = makeCertificate(root);
    environment = { TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: files.keyFile };
    receiver = await startReceiver({ environment: { ...environment, ALLOWED_SOURCES: "127.0.0.1" } });
  });
  afterAll(() => receiver.stop());

  test("shows that certificate, takes deliveries, and knows where they come from", async () => {
    const ca = await Bun.file(files.certFile).text();
    const health = await fetch(`${receiver.url}/health`, {
      tls: { ca, checkServerIdentity: () => undefined },
    });
    expect(health.status).toBe(200);
    expect(await receiver.post(transcription("conv_tls"))).toMatchObject({
      status: 200,
      answer: { status: "received" },
    });
    await Bun.sleep(100);
    expect(receiver.output()).toMatch(/conversation=conv_tls .*address=127\.0\.0\.1 /);
    expect(receiver.output()).toContain(`Listening on ${receiver.url}: POST https://`);
    expect(receiver.output()).not.toContain("expires");
  });

  test("takes a recording of 100 MB in chunks, in little memory", async () => {
    const recording = largeAudio("conv_tls_large", 75 * MB);
    const { body, signature, recordingSha256 } = recording;
    const answer = await sendStream(receiver.port, { body: body(), signature: signature(), isTls: true });
    expect(answer).toMatchObject({ status: 200, body: '{"status":"received"}' });
    const row = "SELECT audio_sha256 FROM conversations WHERE conversation_id = 'conv_tls_large'";
    expect(receiver.rows(row)).toEqual([{ audio_sha256: recordingSha256() }]);
    expect(receiver.peakMemoryBytes() / MB).toBeLessThan(200);
  });

  test("warns at its start if every user can read the key", async () => {
    for (const [mode, isWarned] of [
      [0o640, false],
      [0o604, true],
    ] as const) {
      chmodSync(files.keyFile, mode);
      const started = await startReceiver({ environment });
      await started.stop();
      expect(started.output().includes("TLS_KEY_FILE: every user of this machine can read")).toBe(isWarned);
    }
    chmodSync(files.keyFile, 0o600);
  });

  test("speaks nothing but TLS on its port", async () => {
    const connection = await openRaw(receiver.port);
    await connection.write(requestHead({}, "GET /health HTTP/1.1"));
    await connection.closed;
    await expect(connection.response()).rejects.toThrow("no answer, closed");
  });

  test("hangs up on who begins no handshake, or does not end one", async () => {
    const startedMs = performance.now();
    await Promise.all(
      ["", "160301020001000001fc0303"].map(async (bytes) => {
        const connection = await openRaw(receiver.port);
        await connection.write(Buffer.from(bytes, "hex"));
        await connection.closed;
      }),
    );
    expect(performance.now() - startedMs).toBeLessThan(CUT_MS_MAX);
    expect((await receiver.post(transcription("conv_tls_after"))).status).toBe(200);
  });

  test("is found by healthcheck, send and check, whose address is another than the certificate's name", async () => {
    const own = {
      ...environment,
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      ELEVENLABS_WEBHOOK_PORT: String(receiver.port),
      MIN_FREE_DISK_BYTES: "0",
    };
    expect(await runExecutable(["healthcheck"], own, root)).toMatchObject({ status: 0, stdout: "healthy\n" });
    const sent = await runExecutable(["send", "--sample", "transcription"], own, root);
    expect([sent.status, sent.stdout]).toEqual([0, expect.stringContaining("200")]);
    const many = await runExecutable(["send", "--sample", "failure", "--count", "3"], own, root);
    expect(many.status).toBe(0);
    expect((await runExecutable(["send", "--health"], own, root)).status).toBe(0);
    const checked = await runExecutable(["check"], own, root);
    expect(checked.stdout).toContain("is that of a running receiver, which is healthy");
  });

  test("has its certificate verified where a URL is given, as ElevenLabs would", async () => {
    for (const command of [["healthcheck"], ["send", "--sample", "failure", "--secret", SECRET]]) {
      const { status, stderr } = await runExecutable([...command, "--url", receiver.url], {}, root);
      expect(status).toBe(1);
      expect(stderr).toContain("can't be verified");
    }
  });
});

test.skipIf(isOpensslMissing)("a start says what is wrong with the certificate, with status 78", async () => {
  const { certFile, keyFile } = makeCertificate(root);
  const folder = join(root, "started");
  const other = makeCertificate(root, "other.example");
  const encrypted = join(root, "encrypted.pem");
  openssl("pkcs8", "-topk8", "-in", keyFile, "-passout", "pass:word", "-out", encrypted);
  for (const [environment, problem] of [
    [{ TLS_CERT_FILE: certFile }, "TLS_CERT_FILE is set and TLS_KEY_FILE is not. Set both"],
    [{ TLS_CERT_FILE: certFile, TLS_KEY_FILE: other.keyFile }, "does not belong to the key"],
    [{ TLS_CERT_FILE: certFile, TLS_KEY_FILE: encrypted }, "is encrypted. Nobody is there"],
    [{ TLS_CERT_FILE: keyFile, TLS_KEY_FILE: keyFile }, "holds no certificate in PEM form"],
    [{ TLS_CERT_FILE: "/none.pem", TLS_KEY_FILE: keyFile }, "/none.pem can't be read (ENOENT)"],
  ] as const) {
    const all = { ELEVENLABS_WEBHOOK_SECRET: SECRET, TRANSCRIPT_STORAGE_PATH: join(folder, "x.sqlite") };
    const { status, stderr } = await runExecutable(["serve"], { ...all, ...environment }, root);
    expect([status, stderr]).toEqual([78, expect.stringContaining(problem)]);
  }
  rmSync(folder, { recursive: true, force: true });
});
