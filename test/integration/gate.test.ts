import { expect, test } from "bun:test";
import { noAddress } from "../../src/config/addresses.ts";
import { createGate } from "../../src/http/gate.ts";
import { listen } from "../../src/http/server.ts";
import type { Application } from "../../src/http/server.ts";
import { freePort } from "../helpers/ports.ts";

test("who asks before the application is there waits for it, and finds its connection", async () => {
  const gate = createGate();
  const port = await freePort();
  const listening = listen(gate, { host: "127.0.0.1", port, trustedProxies: noAddress, tls: null });
  if (listening.kind === "failed") throw new Error(listening.problem);
  const { server } = listening;
  const early = fetch(server.url);
  await Bun.sleep(50);
  const app: Application = {
    server: null,
    fetch: (request) => new Response(app.server?.requestIP(request)?.address ?? "unknown"),
  };
  gate.open(app);
  expect(await (await early).text()).toBe("127.0.0.1");
  expect(await (await fetch(server.url)).text()).toBe("127.0.0.1");

  server.leave();
  expect((await fetch(server.url)).headers.get("connection")).toBe("close");
  server.stay();
  expect((await fetch(server.url)).headers.get("connection")).not.toBe("close");
  await server.stopNow();
});

test("256 wait at the gate, and the next one is refused at once", async () => {
  const gate = createGate();
  const waiting = Array.from({ length: 256 }, () => gate.fetch(new Request("http://localhost/")));
  const refused = await gate.fetch(new Request("http://localhost/"));
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  const answers: string[] = [];
  gate.open({
    server: null,
    fetch: () => {
      answers.push("answer");
      queueMicrotask(() => answers.push("end of its turn"));
      return new Response();
    },
  });
  await Promise.all(waiting);
  // One for each turn of the event loop.
  expect(answers.slice(0, 4)).toEqual(["answer", "end of its turn", "answer", "end of its turn"]);
});
