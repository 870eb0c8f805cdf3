import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { webhookAddress } from "../../src/connect/address.ts";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { ROOT } from "../helpers/documents.ts";

setDefaultTimeout(30_000);

const servers: Bun.Server<undefined>[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop(true))));

const HEALTHY = '{"status":"healthy","service":"elevenlabs-webhook"}';

function serve(answer: () => Response, tls?: { certFile: string; keyFile: string }): string {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: answer,
    ...(tls === undefined
      ? {}
      : { tls: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
  });
  servers.push(server);
  return `${tls === undefined ? "http" : "https"}://localhost:${server.port}/webhook`;
}

/** In a process of its own: which authorities are trusted is read at its start. */
function check(url: string, environment: Record<string, string> = {}) {
  const program = `import { checkAddress } from "./src/connect/address.ts";
import { systemClock } from "./src/platform/clock.ts";
console.log(JSON.stringify(await checkAddress(${JSON.stringify(url)}, systemClock)));`;
  return new Promise<unknown>((resolve) => {
    const child = Bun.spawn([process.execPath, "-e", program], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? "", ...environment },
      stdout: "pipe",
      stderr: "inherit",
    });
    void child.stdout.text().then((text) => resolve(JSON.parse(text)));
  });
}

describe("the webhook's address", () => {
  test.each([
    ["https://hooks.example.com/webhook", "https://hooks.example.com/webhook"],
    ["https://hooks.example.com", "https://hooks.example.com/webhook"],
    ["https://hooks.example.com/calls/webhook", "https://hooks.example.com/calls/webhook"],
    ["http://127.0.0.1:3004/webhook", "http://127.0.0.1:3004/webhook"],
  ])("%s is %s", (text, value) => {
    expect(webhookAddress(text)).toEqual({ ok: true, value });
  });

  test.each([
    ["hooks.example.com", "is not an address such as"],
    ["https://user:secret@hooks.example.com", "is not an address such as"],
    ["https://hooks.example.com/webhook?a=1", "is not an address such as"],
    ["http://hooks.example.com/webhook", "only delivers to https://"],
    ["http://127.0.0.1.example.com", "only delivers to https://"],
  ])("is not %s", (text, problem) => {
    expect(webhookAddress(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});

describe("checking the address", () => {
  test("without TLS it is for trials", async () => {
    const url = serve(() => new Response(HEALTHY));
    expect(await check(url)).toEqual({
      ok: true,
      value: "answers /health; not encrypted, for trials only",
    });
  });

  test.each([
    ["something else", () => new Response("<html>\u001b[2J"), /answers 200 <html>\?\[2J, and not this/],
    ["a sick receiver", () => new Response(HEALTHY, { status: 503 }), /answers 503 /],
  ])("%s is refused", async (_, answer, problem) => {
    expect(await check(serve(answer))).toEqual({
      ok: false,
      problem: expect.stringMatching(problem),
    });
  });

  test("nothing there is refused", async () => {
    const problem = expect.stringContaining("start the receiver, or name another place with the address");
    expect(await check("http://127.0.0.1:9/webhook")).toEqual({ ok: false, problem });
  });

  describe.skipIf(isOpensslMissing)("with TLS", () => {
    test("says until when the certificate is good, and refuses one that nobody vouches for", async () => {
      const certificate = makeCertificate(temporaryFolder(), "localhost");
      const url = serve(() => new Response(HEALTHY), certificate);
      const inThirtyDays = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
      const [trusted, untrusted] = await Promise.all([
        check(url, { NODE_EXTRA_CA_CERTS: certificate.certFile }),
        check(url),
      ]);
      expect(trusted).toEqual({ ok: true, value: `answers /health, certificate until ${inThirtyDays}` });
      expect(untrusted).toEqual({ ok: false, problem: expect.stringContaining("can't be verified") });
    });
  });
});
