import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { vendorAddresses } from "../../src/vendor/addresses.ts";
import { isOpensslMissing } from "../helpers/certificate.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { programPath } from "../helpers/means.ts";
import { startCaddy, startNginx } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { chunk, openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { largeAudio } from "../helpers/stream.ts";

setDefaultTimeout(60_000);

const MB = 1000 * 1000;
const TOKEN = "0123456789abcdef0123456789abcdef";
/** In place of the vendor's first address. */
const SENDER = "127.0.0.5";
/** In place of its last one: the proxy lets it in, and the receiver does not. */
const SECOND = "127.0.0.6";
const STRANGER = "127.0.0.9";
const ARRIVE_MS_MAX = 10_000;
/** So long a line of the log may be on its way to us. */
const LOGGED_MS = 100;

const proxies = [
  { name: "nginx", start: startNginx, memoryMbMax: 60 },
  { name: "caddy", start: startCaddy, memoryMbMax: 150 },
];

for (const { name, start, memoryMbMax } of proxies) {
  const isMissing = programPath(name) === null || isOpensslMissing;
  if (isMissing) console.warn(`SKIPPED: ${name} in front of the receiver: no ${name} or no openssl`);

  describe.skipIf(isMissing)(`behind ${name}`, () => {
    let receiver: Receiver;
    let proxy: Proxy;
    let proxyBelowPath: Proxy;

    beforeAll(async () => {
      receiver = await startReceiver({
        environment: { ALLOWED_SOURCES: SENDER, TRUSTED_PROXIES: "127.0.0.1", API_TOKEN: TOKEN },
      });
      const senders = [SENDER, ...vendorAddresses.slice(1, -1), SECOND];
      proxy = await start({ receiverPort: receiver.port, senders });
      proxyBelowPath = await start({ receiverPort: receiver.port, senders, isBelowPath: true });
    });
    afterAll(async () => {
      await Promise.all([proxy.stop(), proxyBelowPath.stop()]);
      await receiver.stop();
    });

    async function deliver(
      localAddress: string,
      { conversation = "conv_proxy", more = {}, path = "/webhook", via = proxy } = {},
    ) {
      const body = transcription(conversation);
      const head = requestHead(
        { "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length), ...more },
        `POST ${path} HTTP/1.1`,
      );
      const connection = await openRaw(via.port, { isTls: true, localAddress });
      await connection.write(head + body);
      const response = await connection.response();
      connection.close();
      return response;
    }

    test("a delivery arrives as it was signed, and the log tells where it came from", async () => {
      const more = { "X-Forwarded-For": "34.67.146.145, 127.0.0.1" };
      const answer = await deliver(SENDER, { conversation: "conv_from_sender", more });
      expect(answer).toMatchObject({ status: 200, body: '{"status":"received"}' });
      await Bun.sleep(LOGGED_MS);
      expect(receiver.output()).toMatch(/conversation=conv_from_sender .*address=127\.0\.0\.5 /);
    });

    test("a delivery from elsewhere does not get through the proxy, whatever it claims", async () => {
      const before = receiver.output();
      const more = { "X-Forwarded-For": SENDER, "X-Real-IP": SENDER };
      for (const path of ["/webhook", "/webhook/", "/webhook?x=1"]) {
        expect((await deliver(STRANGER, { more, path })).status).toBe(403);
      }
      const path = "/elevenlabs/webhook";
      expect((await deliver(STRANGER, { more, path, via: proxyBelowPath })).status).toBe(403);
      await Bun.sleep(LOGGED_MS);
      expect(receiver.output()).toBe(before);
    });

    test("ALLOWED_SOURCES holds for the address behind the proxy", async () => {
      for (const more of [{}, { "X-Forwarded-For": SENDER }]) {
        const answer = await deliver(SECOND, { more });
        expect(answer).toMatchObject({
          status: 403,
          body: '{"error":"Source address not allowed","code":"source_not_allowed"}',
        });
      }
      await Bun.sleep(LOGGED_MS);
      expect(receiver.output()).toContain("code=source_not_allowed address=127.0.0.6");
    });

    test("an unsigned body of 1 MB gets the receiver's answer", async () => {
      const connection = await openRaw(proxy.port, { isTls: true, localAddress: SENDER });
      await connection.write(requestHead({ "Content-Length": String(MB) }));
      // Caddy passes the answer on with the next bytes that come.
      await connection.write(Buffer.alloc(MB));
      expect(await connection.response()).toMatchObject({
        status: 401,
        body: expect.stringContaining("signature_missing"),
      });
      connection.close();
    });

    test("a recording of 100 MB streams through, in chunks and little memory", async () => {
      const { body, signature, recordingBytes, recordingSha256 } = largeAudio("conv_proxy_large", 75 * MB);
      const pieces = [...body()];
      const half = pieces.length / 2;
      const connection = await openRaw(proxy.port, { isTls: true, localAddress: SENDER });
      const headers = { "ElevenLabs-Signature": signature(), "Transfer-Encoding": "chunked" };
      await connection.write(requestHead(headers));
      for (const piece of pieces.slice(0, half)) await connection.write(chunk(piece));

      // The receiver has what was sent, but for what is in buffers on the way, before the rest is.
      expect(await spooledBytes(receiver, 48 * MB)).toBeGreaterThan(48 * MB);
      expect(proxy.spooled()).toEqual([]);
      for (const piece of pieces.slice(half)) await connection.write(chunk(piece));
      await connection.write(chunk(""));
      expect(await connection.response()).toMatchObject({ status: 200, body: '{"status":"received"}' });
      connection.close();

      const row =
        "SELECT audio_bytes, audio_sha256 FROM conversations WHERE conversation_id = 'conv_proxy_large'";
      expect(receiver.rows(row)).toEqual([{ audio_bytes: recordingBytes, audio_sha256: recordingSha256() }]);
      const peakMb = proxy.peakMemoryBytes() / MB;
      console.log(`Peak memory of ${name} with a 100 MB audio event: ${peakMb.toFixed(0)} MB`);
      expect(peakMb).toBeLessThan(memoryMbMax);
      expect(receiver.peakMemoryBytes() / MB).toBeLessThan(200);
    });

    test("webhook, documentation, health and API work below a path", async () => {
      const answer = await deliver(SENDER, { path: "/elevenlabs/webhook", via: proxyBelowPath });
      expect(answer.status).toBe(200);

      const get = async (address: string, headers = {}) => {
        const response = await fetch(address, { headers, tls: { rejectUnauthorized: false } });
        expect([address, response.status]).toEqual([address, 200]);
        return { url: response.url, text: await response.text() };
      };
      const root = `${proxyBelowPath.url}/elevenlabs`;
      for (const address of [`${root}/docs`, `${root}/docs/`]) {
        const { url, text } = await get(address);
        expect(url).toBe(`${root}/docs`);
        const links = [...text.matchAll(/(?:src|href|data-url)="([^"#]+)"/g)].map(([, link = ""]) => link);
        expect(links.length).toBeGreaterThan(1);
        for (const link of links) await get(new URL(link, url).href);
      }
      expect((await get(`${root}/health`)).text).toContain("healthy");
      const { text } = await get(`${root}/call-failures`, { authorization: `Bearer ${TOKEN}` });
      expect(JSON.parse(text)).toBeObject();
    });
  });
}

/** The size of the body that the receiver is taking in, once it has that many bytes, or after a while. */
async function spooledBytes(receiver: Receiver, bytesMin: number): Promise<number> {
  const folder = join(receiver.folder, "spool");
  const deadlineMs = performance.now() + ARRIVE_MS_MAX;
  for (;;) {
    const [name] = readdirSync(folder);
    const byteCount = name === undefined ? 0 : statSync(join(folder, name)).size;
    if (byteCount > bytesMin || performance.now() > deadlineMs) return byteCount;
    await Bun.sleep(20);
  }
}
