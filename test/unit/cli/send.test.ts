import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventKind } from "../../../src/webhook/event-type.ts";
import { samples } from "../../../src/samples/samples.ts";
import { percentiles } from "../../../src/sender/many.ts";
import { runCommand } from "../../helpers/command.ts";
import { openTestApp } from "../../helpers/app.ts";
import { fixture, SECRET, sign } from "../../helpers/deliveries.ts";
import { freePort } from "../../helpers/receiver.ts";

type Received = { method: string; path: string; headers: Headers; body: Buffer };

let received: Received[] = [];
let answer: (request: Received) => Response | Promise<Response> = () => new Response("ok");
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const one: Received = {
      method: request.method,
      path: new URL(request.url).pathname,
      headers: request.headers,
      body: Buffer.from(await request.arrayBuffer()),
    };
    received.push(one);
    return answer(one);
  },
});
const folder = mkdtempSync(join(tmpdir(), "send-"));
await Bun.write(join(folder, "body.json"), fixture("transcription_minimal.json"));
await Bun.write(join(folder, "plain.txt"), "not JSON");
await Bun.write(join(folder, "empty.json"), "");
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  received = [];
  answer = () => new Response("ok");
});

const environment = { ELEVENLABS_WEBHOOK_SECRET: SECRET };
const url = `http://127.0.0.1:${server.port}/hook`;
const send = (args: string[], options: Parameters<typeof runCommand>[1] = {}) =>
  runCommand(["send", "--url", url, ...args], { environment, folder, ...options });

function only(): Received {
  const [one] = received;
  if (one === undefined || received.length > 1) throw new Error(`${received.length} requests came`);
  return one;
}

const timestampOf = ({ headers }: Received) =>
  Number(/^t=(\d+),/.exec(headers.get("elevenlabs-signature") ?? "")?.[1]);

test("posts a file byte for byte, signed now", async () => {
  const { status, stdout, stderr } = await send(["body.json"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/answer {3}200 OK in .* ms\n +ok\n {2}result {3}as expected\n$/);
  const one = only();
  expect([one.method, one.path]).toEqual(["POST", "/hook"]);
  expect(one.body.equals(fixture("transcription_minimal.json"))).toBe(true);
  expect(one.headers.get("elevenlabs-signature")).toBe(sign(one.body, { timestamp: timestampOf(one) }));
  expect(Math.abs(timestampOf(one) - Date.now() / 1000)).toBeLessThan(5);
  expect(one.headers.get("content-length")).toBe(String(one.body.byteLength));
});

test("posts to the host and port that are configured", async () => {
  const given = {
    ...environment,
    ELEVENLABS_WEBHOOK_HOST: "0.0.0.0",
    ELEVENLABS_WEBHOOK_PORT: String(server.port),
  };
  expect((await runCommand(["send", "body.json"], { environment: given, folder })).status).toBe(0);
  expect(only().path).toBe("/webhook");
});

test("a URL without a path means /webhook", async () => {
  await runCommand(["send", "--url", `http://127.0.0.1:${server.port}`, "body.json"], {
    environment,
    folder,
  });
  expect(only().path).toBe("/webhook");
});

for (const { name, type } of samples) {
  test(`the sample ${name} is stored by the receiver, with fresh ids each time`, async () => {
    const app = await openTestApp();
    answer = async ({ body, headers }) => {
      const result = await app.post(body, headers.get("elevenlabs-signature"));
      return Response.json(result.answer, { status: result.status });
    };
    expect((await send(["--sample", name])).status).toBe(0);
    expect((await send(["--sample", name])).status).toBe(0);
    expect(app.rows("SELECT type, status FROM events")).toEqual([
      { type, status: "processed" },
      { type, status: "processed" },
    ]);
    await app.close();
  });
}

test("there is a sample of every type that is documented for the wire", () => {
  const documented = [
    "post_call_transcription",
    "post_call_audio",
    "call_initiation_failure",
    "post_call_transcription_otel",
    "speech_to_text_transcription",
    "voice_removal_notice",
    "voice_removal_notice_withdrawn",
    "voice_removed",
    "flows_generation",
    "flows_template_run",
    "dubbing_project_ready",
    "dubbing_project_failed",
    "dubbing_language_completed",
    "dubbing_language_failed",
    "answering_machine_detection",
  ];
  expect([...new Set(samples.map(({ type }) => type))].toSorted()).toEqual(documented.toSorted());
  expect(documented.every((type) => eventKind(type) !== null)).toBe(true);
});

test("a sample's conversation is legible in the receiver", async () => {
  const app = await openTestApp();
  answer = async ({ body, headers }) => {
    await app.post(body, headers.get("elevenlabs-signature"));
    return new Response("ok");
  };
  await send(["--sample", "transcription"]);
  await send(["--sample", "otel"]);
  expect(app.rows("SELECT external_number, turn_count, channel FROM conversations")).toMatchObject([
    { external_number: "+15550100123", turn_count: 4 },
    { external_number: "+15550100123", turn_count: 4 },
  ]);
  await app.close();
});

test("a sample is named by its type too", async () => {
  expect((await send(["--sample", "voice_removed"])).status).toBe(0);
  expect(JSON.parse(only().body.toString()).type).toBe("voice_removed");
});

test("--list shows every sample and sends nothing", async () => {
  const { status, stdout } = await send(["--list"]);
  expect([status, stdout.trim().split("\n").length, received.length]).toEqual([0, samples.length, 0]);
  expect(JSON.parse((await send(["--list", "--json"])).stdout)).toHaveLength(samples.length);
});

test("--audio sends a recording of one's own", async () => {
  const recording = fixture("tone.mp3").subarray(100);
  await Bun.write(join(folder, "own.mp3"), recording);
  expect((await send(["--audio", "own.mp3"])).status).toBe(0);
  const { data } = JSON.parse(only().body.toString());
  expect(Buffer.from(data.full_audio, "base64").equals(recording)).toBe(true);
});

test("the built-in recording is the tone", async () => {
  await send(["--sample", "audio"]);
  const { data } = JSON.parse(only().body.toString());
  expect(Buffer.from(data.full_audio, "base64").equals(fixture("tone.mp3"))).toBe(true);
});

test("--chunked announces no length, for samples and files", async () => {
  await Bun.write(join(folder, "long.json"), JSON.stringify({ a: "x".repeat(300_000) }));
  for (const what of [["--sample", "audio"], ["long.json"]]) {
    received = [];
    expect((await send(["--chunked", ...what])).status).toBe(0);
    const one = only();
    expect(one.headers.get("transfer-encoding")).toBe("chunked");
    expect(one.headers.get("elevenlabs-signature")).toBe(sign(one.body, { timestamp: timestampOf(one) }));
  }
});

test("--age moves the timestamp, either way", async () => {
  await send(["--age", "60", "body.json"]);
  await send(["--age", "-60", "body.json"]);
  const nowSeconds = Date.now() / 1000;
  expect(received.map((one) => Math.round((nowSeconds - timestampOf(one)) / 10))).toEqual([6, -6]);
});

test("what must be refused is as expected only where it is refused", async () => {
  for (const [args, status, exit] of [
    [["--invalid"], 401, 0],
    [["--invalid"], 400, 0],
    [["--invalid"], 403, 0],
    [["--invalid"], 200, 1],
    [["--invalid"], 500, 1],
    [["--age", "1801"], 400, 0],
    [["--age", "-1801"], 400, 0],
    [["--age", "1801"], 200, 1],
    [["--age", "1799"], 400, 1],
  ] as const) {
    answer = () => new Response("", { status });
    expect([args, status, (await send([...args, "body.json"])).status]).toEqual([args, status, exit]);
  }
});

test("--invalid signs wrongly, and needs no secret", async () => {
  answer = () => new Response("", { status: 401 });
  expect((await send(["--invalid", "body.json"], { environment: {} })).status).toBe(0);
  const one = only();
  expect(one.headers.get("elevenlabs-signature")).toMatch(/^t=\d+,v0=[0-9a-f]{64}$/);
  expect(one.headers.get("elevenlabs-signature")).not.toBe(sign(one.body, { timestamp: timestampOf(one) }));
});

test("says what an answer other than 200 means", async () => {
  for (const [status, problem] of [
    [204, "only 200 is sure"],
    [401, "another secret"],
    [404, "no webhook at this path"],
    [413, "larger than"],
    [418, "200 was expected"],
    [503, "takes no events just now"],
  ] as const) {
    answer = () => new Response(status === 204 ? null : "teapot", { status });
    const { status: exit, stdout } = await send(["body.json"]);
    expect([exit, stdout]).toEqual([1, expect.stringContaining(problem)]);
  }
});

test("a redirect is not followed", async () => {
  answer = () =>
    new Response("", { status: 308, headers: { location: "https://elsewhere.example/webhook" } });
  const { status, stdout } = await send(["body.json"]);
  expect([status, received.length]).toEqual([1, 1]);
  expect(stdout).toContain("redirects to https://elsewhere.example/webhook");
});

test("an answer can't write control characters to the terminal", async () => {
  answer = () => new Response("\u001b[31mred\nforged", { status: 500 });
  const { stdout } = await send(["body.json"]);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toContain("?[31mred forged");
});

test("--health asks beside the webhook", async () => {
  expect((await send(["--health"])).status).toBe(0);
  expect([only().method, only().path]).toEqual(["GET", "/health"]);
  answer = () => Response.json({ status: "unhealthy" }, { status: 503 });
  const { status, stdout } = await send(["--health"], { environment: {} });
  expect([status, stdout]).toEqual([1, expect.stringContaining('{"status":"unhealthy"}')]);
});

test("--count sends so many different events, no more than --concurrency at once", async () => {
  let open = 0;
  let mostOpen = 0;
  answer = async () => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    await Bun.sleep(2);
    open -= 1;
    return new Response("ok", { status: received.length > 38 ? 500 : 200 });
  };
  const args = ["--sample", "failure", "--count", "40", "--concurrency", "4"];
  const { status, stdout, stderr } = await send([...args, "--json"]);
  expect([status, stderr, mostOpen]).toEqual([1, "", 4]);
  expect(new Set(received.map(({ body }) => body.toString())).size).toBe(40);
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({ ok: false, count: 40, concurrency: 4 });
  expect(summary.statuses["200"] + summary.statuses["500"]).toBe(40);
  expect(summary.unexpected).toBe(summary.statuses["500"]);
});

test("sums up statuses and latencies, with a bar only on a terminal", async () => {
  const args = ["--sample", "failure", "--count", "5"];
  const { status, stdout, stderr } = await send(args, {
    isTerminal: { input: false, output: false, error: true },
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /answers {2}200 OK +5\n {2}latency {2}min .*median .*p95 .*p99 .*max .*\n {2}result {3}all as expected\n/,
  );
  expect(stderr).toMatch(/^\r[#.]{30} \d\/5 /);
  expect(stderr).toEndWith("\r\u001b[K");
});

test("percentiles are of the values that were measured", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentiles(values)).toEqual({ min: 1, median: 100, p95: 190, p99: 198, max: 200 });
  expect(percentiles([7])).toEqual({ min: 7, median: 7, p95: 7, p99: 7, max: 7 });
});

test("--json is one line of JSON, also without an answer", async () => {
  expect(JSON.parse((await send(["--json", "body.json"])).stdout)).toMatchObject({
    ok: true,
    url,
    event: "body.json",
    status: 200,
    answer: "ok",
    problem: null,
  });
  const unreachable = ["send", "--json", "--url", `http://127.0.0.1:${await freePort()}`, "body.json"];
  const { status, stdout } = await runCommand(unreachable, { environment, folder });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    status: null,
    problem: expect.stringContaining("nothing listens"),
  });
});

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
  [
    "a sample that is nothing",
    ["--sample", "quite another thing"],
    'there is no sample "quite another thing" (send --list shows all)',
  ],
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
    expect(await send(args)).toEqual({ status: 64, stdout: "", stderr: `${problem}\n` });
    expect(received).toHaveLength(0);
  });
}

test("--raw sends a file that is not JSON", async () => {
  expect((await send(["--raw", "plain.txt"])).status).toBe(0);
  expect(only().body.toString()).toBe("not JSON");
});

test("without a secret it says what to do", async () => {
  const { status, stderr } = await send(["body.json"], { environment: {} });
  expect([status, stderr]).toEqual([78, expect.stringMatching(/^No secret: .*--secret.*\n$/)]);
});

test("says in one line why there was no answer", async () => {
  const closing = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => closing.listen(0, "127.0.0.1", resolve));
  const address = closing.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  answer = async () => {
    await Bun.sleep(1500);
    return new Response("late");
  };
  for (const [target, problem] of [
    [`http://127.0.0.1:${await freePort()}/`, "nothing listens at 127.0.0.1:"],
    ["http://host.invalid/", "there is no host host.invalid"],
    [`https://127.0.0.1:${server.port}/`, "does not speak TLS"],
    [`http://127.0.0.1:${address.port}/`, "the connection was closed"],
    [url, "no answer within 1 s"],
  ] as const) {
    const { status, stdout, stderr } = await send(["--url", target, "--timeout", "1", "body.json"]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toStartWith(`${target}: `);
    expect(stderr).toContain(problem);
    expect(stderr.trimEnd()).not.toContain("\n");
  }
  closing.close();
});

test.skipIf(Bun.which("openssl") === null)(
  "says in one line that a certificate can't be verified",
  async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const args =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
    const made = Bun.spawnSync(["openssl", ...args.split(" "), "-keyout", key, "-out", cert]);
    expect(made.exitCode).toBe(0);
    const tls = Bun.serve({
      port: 0,
      tls: { key: Bun.file(key), cert: Bun.file(cert) },
      fetch: () => new Response("ok"),
    });
    const { status, stderr } = await send(["--url", `https://localhost:${tls.port}/`, "body.json"]);
    await tls.stop(true);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^https:\S+: the certificate of \S+ can't be verified.*\n$/),
    ]);
  },
);

test("300 MB are sent without being held in memory", async () => {
  const file = join(folder, "big.json");
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
  const { status, stdout } = await send(["--url", sink.url.href, "big.json"]);
  await sink.stop(true);
  expect([status, byteCount]).toEqual([1, 300 * 1024 * 1024 + 8]);
  expect(stdout).toContain("413 Payload Too Large");
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});
