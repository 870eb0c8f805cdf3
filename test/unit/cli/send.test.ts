import { afterAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { percentiles } from "../../../src/sender/many.ts";
import { runCommand } from "../../helpers/command.ts";
import { fixture, sign } from "../../helpers/deliveries.ts";
import { freePort } from "../../helpers/ports.ts";
import { startTarget, timestampOf } from "../../helpers/target.ts";

const target = startTarget();
await Bun.write(join(target.folder, "body.json"), fixture("transcription_minimal.json"));
afterAll(() => target.stop());
beforeEach(() => target.reset());

test("posts a file byte for byte, signed now", async () => {
  const { status, stdout, stderr } = await target.send(["body.json"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/answer {3}200 OK in .* ms\n +ok\n {2}result {3}as expected\n$/);
  const one = target.only();
  expect([one.method, one.path]).toEqual(["POST", "/hook"]);
  expect(one.body.equals(fixture("transcription_minimal.json"))).toBe(true);
  expect(one.headers.get("elevenlabs-signature")).toBe(sign(one.body, { timestamp: timestampOf(one) }));
  expect(Math.abs(timestampOf(one) - Date.now() / 1000)).toBeLessThan(5);
  expect(one.headers.get("content-length")).toBe(String(one.body.byteLength));
});

test("posts to the host and port that are configured", async () => {
  const given = {
    ...target.environment,
    ELEVENLABS_WEBHOOK_HOST: "0.0.0.0",
    ELEVENLABS_WEBHOOK_PORT: String(target.port),
  };
  expect(
    (await runCommand(["send", "body.json"], { environment: given, folder: target.folder })).status,
  ).toBe(0);
  expect(target.only().path).toBe("/webhook");
});

test("a URL without a path means /webhook", async () => {
  await runCommand(["send", "--url", `http://127.0.0.1:${target.port}`, "body.json"], {
    environment: target.environment,
    folder: target.folder,
  });
  expect(target.only().path).toBe("/webhook");
});

test("--chunked announces no length, for samples and files", async () => {
  await Bun.write(join(target.folder, "long.json"), JSON.stringify({ a: "x".repeat(300_000) }));
  for (const what of [["--sample", "audio"], ["long.json"]]) {
    target.received = [];
    expect((await target.send(["--chunked", ...what])).status).toBe(0);
    const one = target.only();
    expect(one.headers.get("transfer-encoding")).toBe("chunked");
    expect(one.headers.get("elevenlabs-signature")).toBe(sign(one.body, { timestamp: timestampOf(one) }));
  }
});

test("--age moves the timestamp, either way", async () => {
  await target.send(["--age", "60", "body.json"]);
  await target.send(["--age", "-60", "body.json"]);
  const nowSeconds = Date.now() / 1000;
  expect(target.received.map((one) => Math.round((nowSeconds - timestampOf(one)) / 10))).toEqual([6, -6]);
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
    target.answer = () => new Response("", { status });
    expect([args, status, (await target.send([...args, "body.json"])).status]).toEqual([args, status, exit]);
  }
});

test("--invalid signs wrongly, and needs no secret", async () => {
  target.answer = () => new Response("", { status: 401 });
  expect((await target.send(["--invalid", "body.json"], { environment: {} })).status).toBe(0);
  const one = target.only();
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
    target.answer = () => new Response(status === 204 ? null : "teapot", { status });
    const { status: exit, stdout } = await target.send(["body.json"]);
    expect([exit, stdout]).toEqual([1, expect.stringContaining(problem)]);
  }
});

test("a redirect is not followed", async () => {
  target.answer = () =>
    new Response("", { status: 308, headers: { location: "https://elsewhere.example/webhook" } });
  const { status, stdout } = await target.send(["body.json"]);
  expect([status, target.received.length]).toEqual([1, 1]);
  expect(stdout).toContain("redirects to https://elsewhere.example/webhook");
});

test("an answer can't write control characters to the terminal", async () => {
  target.answer = () => new Response("\u001b[31mred\nforged", { status: 500 });
  const { stdout } = await target.send(["body.json"]);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toContain("?[31mred forged");
});

test("--health asks beside the webhook", async () => {
  expect((await target.send(["--health"])).status).toBe(0);
  expect([target.only().method, target.only().path]).toEqual(["GET", "/health"]);
  target.answer = () => Response.json({ status: "unhealthy" }, { status: 503 });
  const { status, stdout } = await target.send(["--health"], { environment: {} });
  expect([status, stdout]).toEqual([1, expect.stringContaining('{"status":"unhealthy"}')]);
});

test("--count sends so many different events, no more than --concurrency at once", async () => {
  let open = 0;
  let mostOpen = 0;
  target.answer = async () => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    await Bun.sleep(2);
    open -= 1;
    return new Response("ok", { status: target.received.length > 38 ? 500 : 200 });
  };
  const args = ["--sample", "failure", "--count", "40", "--concurrency", "4"];
  const { status, stdout, stderr } = await target.send([...args, "--json"]);
  expect([status, stderr, mostOpen]).toEqual([1, "", 4]);
  expect(new Set(target.received.map(({ body }) => body.toString())).size).toBe(40);
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({ ok: false, count: 40, concurrency: 4 });
  expect(summary.statuses["200"] + summary.statuses["500"]).toBe(40);
  expect(summary.unexpected).toBe(summary.statuses["500"]);
});

test("sums up statuses and latencies, with a bar only on a terminal", async () => {
  const args = ["--sample", "failure", "--count", "5"];
  const { status, stdout, stderr } = await target.send(args, {
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
  expect(JSON.parse((await target.send(["--json", "body.json"])).stdout)).toMatchObject({
    ok: true,
    url: target.url,
    event: "body.json",
    status: 200,
    answer: "ok",
    problem: null,
  });
  const unreachable = ["send", "--json", "--url", `http://127.0.0.1:${await freePort()}`, "body.json"];
  const { status, stdout } = await runCommand(unreachable, {
    environment: target.environment,
    folder: target.folder,
  });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    status: null,
    problem: expect.stringContaining("nothing listens"),
  });
});
