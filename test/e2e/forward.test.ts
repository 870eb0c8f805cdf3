import { afterEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";
import { transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { handOver, stopAll } from "../helpers/reload.ts";
import { forwardConfig, createDestinations, until } from "../helpers/destination.ts";
import { ownForwardConfig } from "../helpers/forward-config.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { isShared } from "../helpers/shared-store.ts";

let receiver: Receiver | null = null;
const { start: destination, stop } = createDestinations();

afterEach(async () => {
  if (receiver !== null) await stopAll(receiver);
  receiver = null;
  stop();
});

/** How far a destination has come, by what is written down. */
function cursorOf({ folder, rows: select }: Receiver, name: string): unknown[] {
  if (isShared) return select("SELECT event_id, removed_at FROM forward_cursors WHERE name = ?", name);
  const database = new Database(`${folder}/transcripts.sqlite.forward`, { readonly: true });
  try {
    return database.query("SELECT event_id, removed_at FROM destinations WHERE name = ?").all(name);
  } finally {
    database.close();
  }
}

async function start(configured: Parameters<typeof forwardConfig>[0], more: Record<string, string> = {}) {
  receiver = await startReceiver({ environment: { FORWARD_CONFIG: ownForwardConfig(configured), ...more } });
  return receiver;
}

test("sends the stored bytes of each event on, signed", async () => {
  const crm = destination();
  const { post, output } = await start([{ name: "crm", url: crm.url }]);
  const body = transcription("conv_1");
  expect((await post(body)).status).toBe(200);
  expect((await post(transcription("conv_2"))).status).toBe(200);
  await until("both are sent", () => crm.requests.length === 2);
  expect(crm.faults).toEqual([]);
  const [first] = crm.requests;
  expect(first?.body).toBe(body);
  expect(first?.path).toBe("/hooks?key=private-query");
  expect(first?.id).toMatch(/^evt_[0-9a-f]{32}$/);
  expect(first?.headers.get("elevenlabs-webhook-source")).toBe("webhook");
  expect(first?.headers.get("content-type")).toBe("application/json");
  // Path and query are secrets.
  expect(output()).not.toContain("private-query");
});

test("a faulty file keeps nobody from delivering, and names its faults", async () => {
  const { post, output } = await start([{ name: "crm", url: "ftp://private.example/" }]);
  expect((await post(transcription("conv_1"))).status).toBe(200);
  expect(output()).toContain("FORWARD_CONFIG");
  expect(output()).toContain("not forwarded until");
  expect(output()).not.toContain("private.example");
});

test("a reload takes up what was changed, and sends nothing twice", async () => {
  const [crm, n8n] = [destination(), destination()];
  const path = ownForwardConfig([{ name: "crm", url: crm.url }]);
  receiver = await startReceiver({ environment: { FORWARD_CONFIG: path } });
  const { post, rows } = receiver;
  for (let number = 1; number <= 20; number += 1) await post(transcription(`conv_${number}`));
  forwardConfig(
    [
      { name: "crm", url: crm.url },
      { name: "n8n", url: n8n.url },
    ],
    path,
  );
  await handOver(receiver);
  await post(transcription("conv_21"));
  await until("both have the last", () => crm.taken.size === 21 && n8n.taken.size === 1);
  expect(crm.requestCount()).toBe(21);

  forwardConfig([{ name: "n8n", url: n8n.url }], path);
  await handOver(receiver);
  await post(transcription("conv_22"));
  await until("the one that is left has it", () => n8n.taken.size === 2);
  expect(cursorOf(receiver, "crm")).toEqual([{ event_id: 21, removed_at: expect.any(Number) }]);
  expect(rows("SELECT id FROM events").length).toBe(22);
  expect(crm.requestCount()).toBe(21);
}, 60_000);

test("a reload with a faulty file changes nothing", async () => {
  const crm = destination();
  const path = ownForwardConfig([{ name: "crm", url: crm.url }]);
  receiver = await startReceiver({ environment: { FORWARD_CONFIG: path } });
  const { child, post, output } = receiver;
  forwardConfig([{ name: "crm", url: "nonsense" }], path);
  child.kill("SIGHUP");
  await until("it is refused", () => output().includes("can't take over, this instance goes on"));
  await post(transcription("conv_1"));
  await until("the old one goes on", () => crm.taken.size === 1);
}, 60_000);

test("odd destinations keep neither deliveries nor a healthy one waiting", async () => {
  const piece = new Uint8Array(256 * 1024);
  const endless = (wait: number, bytes: Uint8Array) =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          if (wait > 0) await Bun.sleep(wait);
          controller.enqueue(bytes);
        },
      }),
    );
  const huge = destination(() => endless(0, piece));
  const dripping = destination(() => endless(1000, new Uint8Array(1)));
  const silent = destination(() => Bun.sleep(60_000).then(() => new Response()));
  const redirecting = destination(({ path }) => Response.redirect(`http://169.254.169.254${path}`));
  const healthy = destination();
  const { post, output, memoryBytes } = await start([
    { name: "huge", url: huge.url },
    { name: "dripping", url: dripping.url },
    { name: "silent", url: silent.url },
    { name: "redirecting", url: redirecting.url },
    { name: "nowhere", url: "http://nobody.invalid/" },
    { name: "metadata", url: "http://169.254.169.254/latest/meta-data/" },
    { name: "healthy", url: healthy.url },
  ]);
  const before = memoryBytes();
  for (let number = 1; number <= 100; number += 1) {
    expect((await post(transcription(`conv_${number}`))).status).toBe(200);
  }
  await until("the healthy one has all", () => healthy.taken.size === 100);
  await until("each was tried", () =>
    [huge, dripping, silent, redirecting].every(({ requests }) => requests.length >= 8),
  );
  await until("the rules are named", () => output().includes("metadata addresses are never sent to"));
  expect(output()).toContain("redirects are not followed");
  expect(output()).toContain("ENOTFOUND");
  expect(output()).not.toContain("private-query");
  // Answers without an end, of which some are there at once.
  expect(memoryBytes() - before).toBeLessThan(64 * 1024 * 1024);
}, 60_000);

/** A proxy for https, with the hosts that it was asked for. */
async function startConnectProxy() {
  const asked: string[] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    const upstream = connect(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on("error", () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The address of a server that listens on a port.
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

test.skipIf(isOpensslMissing)(
  "https checks the certificate of the name, straight and through a proxy",
  async () => {
    const certificate = makeCertificate(temporaryFolder(), "localhost");
    const crm = destination(undefined, { certificate });
    const proxy = await startConnectProxy();
    const url = `https://localhost:${crm.port}/hooks`;
    const configured = [
      { name: "crm", url },
      { name: "other", url: url.replace("localhost", "127.0.0.1") },
    ];
    const trusting = { NODE_EXTRA_CA_CERTS: certificate.certFile };
    await start(configured, trusting);
    await receiver?.post(transcription("conv_1"));
    await until("it is sent", () => crm.taken.size === 1);
    await until("the name in the certificate counts", () =>
      /destination=other.*CERT/.test(receiver?.output() ?? ""),
    );
    expect(crm.requestCount()).toBe(1);
    if (receiver !== null) await stopAll(receiver);

    await start([{ name: "crm", url }], {
      ...trusting,
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: "http://127.0.0.1:1",
    });
    await receiver?.post(transcription("conv_2"));
    await until("it is sent through the proxy", () => crm.taken.size === 2);
    expect(proxy.asked).toEqual([`localhost:${crm.port}`]);
    proxy.stop();
  },
  60_000,
);
