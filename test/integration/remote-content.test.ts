import { afterEach, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { contentAnswer, fileResponse } from "../../src/http/lib/responses.ts";
import { contentOf } from "../../src/store/objects/content.ts";

const MIB = 1024 * 1024;
const large = Buffer.alloc(3 * MIB + 7, "0123456789");

const servers: Bun.Server<unknown>[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true);
});

/** Serves what is read part by part, as from a bucket. */
function serve(
  bytes: Buffer,
  read = async (start: number, end: number) => new Uint8Array(bytes.subarray(start, end)),
) {
  let readBytes = 0;
  const content = contentOf(bytes.byteLength, (start, end) => {
    readBytes += end - start;
    return read(start, end);
  });
  const about = { name: "a.mp3", type: "audio/mpeg", tag: "tag" };
  const app = new Elysia()
    .onError(() => new Response("failed", { status: 500 }))
    .get("/", ({ request }) => fileResponse(request, content, about));
  const server = Bun.serve({ port: 0, fetch: app.fetch });
  servers.push(server);
  return { url: server.url, readBytes: () => readBytes };
}

test("a small object, and a small part, are sent with their length", async () => {
  const { url } = serve(large);
  const part = await fetch(url, { headers: { range: `bytes=${MIB - 5}-${MIB + 4}` } });
  expect([part.status, part.headers.get("content-length")]).toEqual([206, "10"]);
  expect(part.headers.get("content-range")).toBe(`bytes ${MIB - 5}-${MIB + 4}/${large.byteLength}`);
  expect(await part.text()).toBe(large.subarray(MIB - 5, MIB + 5).toString());
  const small = await fetch(serve(Buffer.from("small")).url);
  expect([small.headers.get("content-length"), await small.text()]).toEqual(["5", "small"]);
});

test("a large object is sent whole, and a part of it from the place that is asked for", async () => {
  const { url, readBytes } = serve(large);
  expect(Buffer.from(await (await fetch(url)).bytes()).equals(large)).toBe(true);
  const before = readBytes();
  const rest = await fetch(url, { headers: { range: `bytes=${2 * MIB}-` } });
  expect(Buffer.from(await rest.bytes()).equals(large.subarray(2 * MIB))).toBe(true);
  expect(readBytes() - before).toBe(large.byteLength - 2 * MIB);
});

test("HEAD tells the length, and nothing is read", async () => {
  const { url, readBytes } = serve(large);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, `${large.byteLength}`]);
  expect(readBytes()).toBe(0);
});

test("an object that can't be read on breaks the connection off: nobody takes a part for the whole", async () => {
  const { url } = serve(large, async (start, end) => {
    if (start >= MIB) throw new Error("gone");
    return new Uint8Array(large.subarray(start, end));
  });
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  await expect(answer.bytes()).rejects.toThrow();
});

test("a small object that can't be read is a fault of the server", async () => {
  const { url } = serve(Buffer.from("small"), () => Promise.reject(new Error("gone")));
  expect((await fetch(url)).status).toBe(500);
});

test("a file is left to the system", async () => {
  const file = Bun.file(import.meta.path);
  const answer = await contentAnswer(new Request("http://localhost/"), file, { headers: {} });
  expect(await answer.text()).toBe(await file.text());
});
