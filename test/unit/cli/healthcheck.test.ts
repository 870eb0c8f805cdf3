import { expect, test } from "bun:test";
import { runCommand } from "../../helpers/command.ts";
import { freePort } from "../../helpers/ports.ts";

test("exits with 0 while the receiver is healthy and 1 while it is not, without a secret", async () => {
  let status = 200;
  const paths: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      paths.push(new URL(request.url).pathname);
      return Response.json(
        { status: status === 200 ? "healthy" : "unhealthy", reason: "storage_failed" },
        { status },
      );
    },
  });
  const environment = { ELEVENLABS_WEBHOOK_PORT: String(server.port) };
  expect(await runCommand(["healthcheck"], { environment })).toEqual({
    status: 0,
    stdout: "healthy\n",
    stderr: "",
  });
  status = 503;
  const { status: exit, stderr } = await runCommand(["healthcheck", "--url", server.url.origin]);
  await server.stop(true);
  expect([exit, paths]).toEqual([1, ["/health", "/health"]]);
  expect(stderr).toMatch(/^http:\S+\/health: 503 .*storage_failed.*\n$/);
});

test("exits with 1 where nobody answers, or it was called wrongly", async () => {
  const environment = { ELEVENLABS_WEBHOOK_PORT: String(await freePort()) };
  for (const args of [[], ["--url", "nowhere"], ["--timeout", "never"]]) {
    const { status, stdout, stderr } = await runCommand(["healthcheck", ...args], { environment });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^.+\n$/);
  }
});

test("exits with 0 where nothing but the disk is low: no restart mends that", async () => {
  let answer = Response.json({ status: "unhealthy", reason: "disk_low" }, { status: 503 });
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => answer });
  const { status, stdout } = await runCommand(["healthcheck", "--url", server.url.origin]);
  expect([status, stdout]).toEqual([0, expect.stringContaining("disk is low")]);

  // What stands in front of it may answer for it.
  for (const text of ["disk_low", "null", '{"reason":"shutting_down"}']) {
    answer = new Response(text, { status: 503 });
    expect((await runCommand(["healthcheck", "--url", server.url.origin])).status).toBe(1);
  }
  await server.stop(true);
});
