import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createCourier } from "../../src/forward/attempt.ts";
import type { Destination } from "../../src/forward/destination.ts";
import { createDestinations } from "../helpers/destination.ts";

// A round of the thread takes half a second, and more on a busy machine.
setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
const { start, stop } = createDestinations();
afterEach(stop);

const destinationAt = (url: string): Destination => ({
  name: "crm",
  url,
  host: new URL(url).host,
  keys: [],
  types: null,
  agents: null,
  payload: "full",
  headers: { authorization: "Bearer private" },
  wantsErased: false,
});

const message = { id: "evt_1", body: new TextEncoder().encode("{}"), headers: {} };

const send = (url: string, options: Parameters<typeof createCourier>[1] = {}) =>
  createCourier(destinationAt(url), { environment: {}, ...options }).send(message);

const statusOf = async (status: number, headers: Record<string, string> = {}) =>
  send(start(() => new Response("no", { status, headers })).url);

describe("an answer", () => {
  test("of 2xx is a success, of 410 the end, and any other a failure", async () => {
    for (const status of [200, 202, 204, 299])
      expect(await statusOf(status)).toMatchObject({ kind: "taken", status });
    expect(await statusOf(410)).toMatchObject({ kind: "gone" });
    for (const status of [400, 404, 429, 500, 503])
      expect(await statusOf(status)).toMatchObject({ kind: "failed", problem: `HTTP ${status}` });
  });

  test("that redirects is a failure, and is not followed", async () => {
    const other = start();
    for (const status of [301, 302, 307, 308]) {
      const outcome = await statusOf(status, { location: other.url });
      expect(outcome).toMatchObject({ kind: "failed", status });
    }
    expect(other.requests).toBeEmpty();
  });

  test("of 1 GB is read up to 64 KiB", async () => {
    let sentBytes = 0;
    const piece = new Uint8Array(MIB / 8);
    const body = () =>
      new ReadableStream({
        pull(controller) {
          if (sentBytes >= 1024 * MIB) return controller.close();
          controller.enqueue(piece);
          sentBytes += piece.byteLength;
        },
      });
    const { url } = start(() => new Response(body()));
    const before = process.memoryUsage.rss();
    const outcome = await send(url);
    expect(outcome).toMatchObject({ kind: "taken", status: 200 });
    expect(outcome.kind === "taken" && outcome.answer.length).toBe(64 * 1024);
    expect(sentBytes).toBeLessThan(64 * MIB);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MIB);
  });

  test("that is packed is not unpacked", async () => {
    const bomb = Bun.gzipSync(new Uint8Array(32 * MIB));
    const { url } = start(() => new Response(bomb, { headers: { "content-encoding": "gzip" } }));
    const outcome = await send(url);
    expect(outcome.kind === "taken" && Buffer.byteLength(outcome.answer)).toBeLessThan(MIB);
  });

  test("whose body drips counts by its status", async () => {
    const body = () =>
      new ReadableStream({
        async pull(controller) {
          await Bun.sleep(200);
          controller.enqueue(new Uint8Array(1));
        },
      });
    expect(await send(start(() => new Response(body())).url)).toMatchObject({ kind: "taken" });
  });

  test("that does not come in time is a failure", async () => {
    const { url } = start(() => Bun.sleep(5000).then(() => new Response()));
    expect(await send(url, { msMax: 300 })).toMatchObject({
      kind: "failed",
      problem: "no answer within 0.3 s",
      status: null,
    });
  });
});

describe("an address", () => {
  test("that does not resolve is a failure to be repeated, and so is a name server that keeps quiet", async () => {
    expect(await send("http://nobody.invalid/")).toMatchObject({ kind: "failed", problem: "ENOTFOUND" });
    const outcome = await send("http://nobody.invalid/", {
      resolve: () => new Promise(() => {}),
      msMax: 100,
    });
    expect(outcome).toMatchObject({ kind: "failed", problem: "no answer within 0.1 s" });
  });

  test("is the one that was looked at, with the name as host", async () => {
    const { port, requests } = start();
    const resolve = () => Promise.resolve(["127.0.0.1"]);
    expect(await send(`http://crm.invalid:${port}/a?b=c`, { resolve })).toMatchObject({ kind: "taken" });
    expect(requests[0]?.headers.get("host")).toBe(`crm.invalid:${port}`);
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer private");
    expect(requests[0]?.path).toBe("/a?b=c");
  });

  test("that turns public is not sent to, though the connection is still open", async () => {
    const { port, requests } = start();
    const answers = [["127.0.0.1"], ["203.0.113.9"], ["169.254.169.254"]];
    const resolve = () => Promise.resolve(answers.shift() ?? []);
    const courier = createCourier(destinationAt(`http://turning.invalid:${port}/`), {
      resolve,
      environment: {},
    });
    expect(await courier.send(message)).toMatchObject({ kind: "taken" });
    const problems = [await courier.send(message), await courier.send(message)];
    expect(problems).toMatchObject([
      { kind: "failed", problem: expect.stringContaining("use https://") },
      { kind: "failed", problem: expect.stringContaining("metadata") },
    ]);
    expect(requests.length).toBe(1);
  });

  test("that can't be reached gives way to the next one", async () => {
    const { port, requests } = start();
    const resolve = () => Promise.resolve(["127.0.0.2", "127.0.0.1"]);
    expect(await send(`http://crm.invalid:${port}/`, { resolve })).toMatchObject({ kind: "taken" });
    expect(requests.length).toBe(1);
    expect(await send(`http://crm.invalid:1/`, { resolve })).toMatchObject({
      kind: "failed",
      problem: "ECONNREFUSED",
    });
  });

  test("never stands in what is said of a failure", async () => {
    const { port } = start();
    for (const url of [`http://127.0.0.1:1/private-path?x=private`, `https://127.0.0.1:${port}/private-path`])
      expect(JSON.stringify(await send(url))).not.toContain("private");
  });
});

test("a server of one thread, which serves one connection until it is closed, gets what is sent at once", async () => {
  const waiting: Socket[] = [];
  const serveNext = () => waiting[0]?.resume();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    waiting.push(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      waiting.splice(waiting.indexOf(socket), 1);
      serveNext();
    });
    socket.on("data", (bytes) => {
      if (bytes.toString().endsWith("{}")) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
    });
    if (waiting.length === 1) serveNext();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The address of a server that listens on a port.
  const { port } = server.address() as AddressInfo;
  const courier = createCourier(destinationAt(`http://127.0.0.1:${port}/`), { environment: {} });
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => courier.send(message)));
  expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 8 }, () => "taken"));
  courier.close();
  server.close();
});

test("an attempt can be called off", async () => {
  const { url } = start(() => Bun.sleep(5000).then(() => new Response()));
  const controller = new AbortController();
  const sending = createCourier(destinationAt(url), { environment: {} }).send(message, controller.signal);
  setTimeout(() => controller.abort(), 50);
  expect(await sending).toEqual({ kind: "called off" });
});
