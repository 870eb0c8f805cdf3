import { afterAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { createServer } from "node:net";
import { fixture } from "../../helpers/deliveries.ts";
import { freePort } from "../../helpers/ports.ts";
import { startTarget } from "../../helpers/target.ts";

const target = startTarget();
await Bun.write(join(target.folder, "body.json"), fixture("transcription_minimal.json"));
await Bun.write(join(target.folder, "plain.txt"), "not JSON");
await Bun.write(join(target.folder, "empty.json"), "");
afterAll(() => target.stop());
beforeEach(() => target.reset());

const badInput: [what: string, args: string[], problem: string][] = [
  ["nothing to send", [], "name a file to send, or --sample NAME (send --list shows them)"],
  ["a missing file", ["none.json"], "none.json: there is no such file"],
  ["a folder", ["."], ". is a folder: name a file in it"],
  ["an empty file", ["empty.json"], "empty.json is empty"],
  ["a file that is not JSON", ["plain.txt"], "plain.txt is not JSON: send it anyway with --raw"],
  [
    "a sample that is nearly right",
    ["--sample", "transcripton"],
    'there is no sample "transcripton", did you mean transcription? (send --list shows all)',
  ],
  ["a sample that is nothing", ["--sample", "nope"], 'there is no sample "nope" (send --list shows all)'],
  [
    "a file and a sample",
    ["--sample", "audio", "body.json"],
    "name either the file body.json or a sample, not both",
  ],
  ["a missing recording", ["--audio", "none.mp3"], "none.mp3: there is no such file"],
  ["an empty recording", ["--audio", "empty.json"], "empty.json is empty"],
  [
    "a recording for another sample",
    ["--sample", "failure", "--audio", "body.json"],
    "--audio goes with --sample audio, not with failure",
  ],
  [
    "a URL without scheme",
    ["--url", "127.0.0.1:3004", "body.json"],
    '--url: "127.0.0.1:3004" has no scheme, did you mean http://127.0.0.1:3004?',
  ],
  ["another scheme", ["--url", "ftp://x/", "body.json"], '--url: "ftp://x/" is neither http:// nor https://'],
  ["no URL", ["--url", "http://", "body.json"], '--url: "http://" is not a URL'],
  [
    "an age that is no number",
    ["--age", "old", "body.json"],
    '--age: "old" is not a whole number from -1000000000 to 1000000000',
  ],
  ["no events", ["--count", "0", "body.json"], '--count: "0" is not a whole number from 1 to 1000000'],
  [
    "too many at once",
    ["--concurrency", "257", "body.json"],
    '--concurrency: "257" is not a whole number from 1 to 256',
  ],
  [
    "a time-out of nothing",
    ["--timeout", "0", "body.json"],
    '--timeout: "0" is not a whole number from 1 to 3600',
  ],
];

for (const [what, args, problem] of badInput) {
  test(`refuses ${what} in one line, and sends nothing`, async () => {
    expect(await target.send(args)).toEqual({ status: 64, stdout: "", stderr: `${problem}\n` });
    expect(target.received).toHaveLength(0);
  });
}

test("--raw sends a file that is not JSON", async () => {
  expect((await target.send(["--raw", "plain.txt"])).status).toBe(0);
  expect(target.only().body.toString()).toBe("not JSON");
});

test("without a secret it says what to do", async () => {
  const { status, stderr } = await target.send(["body.json"], { environment: {} });
  expect([status, stderr]).toEqual([78, expect.stringMatching(/^No secret: .*--secret.*\n$/)]);
});

test("names what can't be sent before a missing secret", async () => {
  for (const [args, problem] of [
    [["--sample", "transcripton"], /^there is no sample "transcripton"/],
    [["none.json"], /^none\.json: there is no such file/],
  ] as const) {
    const { status, stderr } = await target.send([...args], { environment: {} });
    expect([status, stderr]).toEqual([64, expect.stringMatching(problem)]);
  }
  expect((await target.send(["--health"], { environment: {} })).stdout).toContain("/health");
});

test("says in one line why there was no answer", async () => {
  const closing = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => closing.listen(0, "127.0.0.1", resolve));
  const address = closing.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  target.answer = async () => {
    await Bun.sleep(1500);
    return new Response("late");
  };
  for (const [place, problem] of [
    [`http://127.0.0.1:${await freePort()}/`, "nothing listens at 127.0.0.1:"],
    ["http://host.invalid/", "there is no host host.invalid"],
    [`https://127.0.0.1:${target.port}/`, "does not speak TLS"],
    [`http://127.0.0.1:${address.port}/`, "the connection was closed"],
    [target.url, "no answer within 1 s"],
  ] as const) {
    const { status, stdout, stderr } = await target.send(["--url", place, "--timeout", "1", "body.json"]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toStartWith(`${place}: `);
    expect(stderr).toContain(problem);
    expect(stderr.trimEnd()).not.toContain("\n");
  }
  closing.close();
});

test.skipIf(Bun.which("openssl") === null)(
  "says in one line that a certificate can't be verified",
  async () => {
    const [key, cert] = [join(target.folder, "key.pem"), join(target.folder, "cert.pem")];
    const args =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
    const made = Bun.spawnSync(["openssl", ...args.split(" "), "-keyout", key, "-out", cert]);
    expect(made.exitCode).toBe(0);
    const tls = Bun.serve({
      port: 0,
      tls: { key: Bun.file(key), cert: Bun.file(cert) },
      fetch: () => new Response("ok"),
    });
    const { status, stderr } = await target.send(["--url", `https://localhost:${tls.port}/`, "body.json"]);
    await tls.stop(true);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^https:\S+: the certificate of \S+ can't be verified.*\n$/),
    ]);
  },
);

test("300 MB are sent without being held in memory", async () => {
  const file = join(target.folder, "big.json");
  const writer = Bun.file(file).writer();
  const piece = Buffer.alloc(1024 * 1024, "a");
  writer.write('{"a":"');
  for (let written = 0; written < 300; written += 1) {
    writer.write(piece);
    await writer.flush();
  }
  writer.write('"}');
  await writer.end();
  let byteCount = 0;
  const sink = Bun.serve({
    port: 0,
    maxRequestBodySize: 1024 ** 3,
    async fetch(request) {
      for await (const chunk of request.body ?? []) byteCount += chunk.byteLength;
      return new Response("", { status: 413 });
    },
  });
  const before = process.memoryUsage().rss;
  const { status, stdout } = await target.send(["--url", sink.url.href, "big.json"]);
  await sink.stop(true);
  expect([status, byteCount]).toEqual([1, 300 * 1024 * 1024 + 8]);
  expect(stdout).toContain("413 Payload Too Large");
  expect(process.memoryUsage().rss - before).toBeLessThan(280 * 1024 * 1024);
});
