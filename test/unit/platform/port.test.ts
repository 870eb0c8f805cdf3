import { expect, test } from "bun:test";
import { steerToSecond, tryToListen } from "../../../src/platform/port.ts";

const hostname = "127.0.0.1";
const serve = (port: number, name: string) =>
  Bun.serve({ hostname, port, reusePort: true, fetch: () => new Response(name) });

/** Who answers so many new connections. */
async function answers(port: number): Promise<Set<string>> {
  const texts = Array.from({ length: 20 }, async () => {
    const response = await fetch(`http://${hostname}:${port}`, { headers: { connection: "close" } });
    return response.text();
  });
  return new Set(await Promise.all(texts));
}

test("new connections go to the second listener, and to the first again when that one has gone", async () => {
  const first = serve(0, "first");
  const port = first.port ?? 0;
  const second = serve(port, "second");
  await steerToSecond(port);
  expect(await answers(port)).toEqual(new Set(["second"]));
  await second.stop(true);
  expect(await answers(port)).toEqual(new Set(["first"]));
  const third = serve(port, "third");
  expect(await answers(port)).toEqual(new Set(["third"]));
  await Promise.all([first.stop(true), third.stop(true)]);
});

test("where nobody listens there is nothing to steer", async () => {
  await expect(steerToSecond(1)).rejects.toThrow("no socket that listens on 1");
});

test("a port that somebody shares is taken all the same", async () => {
  const server = serve(0, "first");
  expect(tryToListen(hostname, server.port ?? 0)).toMatchObject({ code: "EADDRINUSE" });
  await server.stop(true);
  expect(tryToListen(hostname, server.port ?? 0)).toBeNull();
});
