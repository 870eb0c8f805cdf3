import { afterAll, beforeAll, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { noAddress, trustedProxies } from "../../src/config/addresses.ts";
import { listen } from "../../src/http/server.ts";
import type { Server } from "../../src/http/server.ts";
import type { AddressList } from "../../src/platform/address.ts";
import { openTestApp } from "../helpers/app.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/ports.ts";

function proxies(text: string): AddressList {
  const parsed = trustedProxies(text, "/");
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

const servers: Server[] = [];
const apps: Awaited<ReturnType<typeof openTestApp>>[] = [];
const open = async (trusted: AddressList) => {
  const app = await openTestApp({ config: { trustedProxies: trusted } });
  const listening = listen(app.app, { ...app.config, port: await freePort() });
  if (listening.kind === "failed") throw new Error(listening.problem);
  const { server } = listening;
  servers.push(server);
  apps.push(app);
  return { app, url: server.url };
};
let direct: Awaited<ReturnType<typeof open>>;
let proxied: Awaited<ReturnType<typeof open>>;

/** On real ports: without a connection nobody has an address. */
beforeAll(async () => {
  direct = await open(noAddress);
  proxied = await open(proxies("127.0.0.1"));
});
afterAll(async () => {
  for (const server of servers) await server.stopNow();
  for (const app of apps) await app.close();
});

async function deliver(url: string, forwardedFor: string, secret?: string): Promise<number> {
  const body = transcription("conv_1");
  const signature = sign(body, secret === undefined ? {} : { secret });
  const headers = { "x-forwarded-for": forwardedFor, "elevenlabs-signature": signature };
  return (await fetch(`${url}/webhook`, { method: "POST", headers, body })).status;
}

test("what this machine has signed itself, as by the send command, proves nothing of its clock", async () => {
  expect(await deliver(direct.url, "192.0.2.7")).toBe(200);
  expect(await deliver(proxied.url, "127.0.0.1")).toBe(200);
  expect(await deliver(proxied.url, "::1")).toBe(200);
  expect(direct.app.trustedClock.isConfirmed()).toBe(false);
  expect(proxied.app.trustedClock.isConfirmed()).toBe(false);
});

const [ownAddress] = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === "IPv4")
  .map(({ address }) => address);

test.skipIf(ownAddress === undefined)("nor does it if it was sent to another of its addresses", async () => {
  expect(await deliver(proxied.url, ownAddress ?? "")).toBe(200);
  expect(proxied.app.trustedClock.isConfirmed()).toBe(false);
});

test("nor does a delivery with a wrong signature, and one with a right one from elsewhere does", async () => {
  expect(await deliver(proxied.url, "192.0.2.7", "another")).toBe(401);
  expect(proxied.app.trustedClock.isConfirmed()).toBe(false);
  expect(await deliver(proxied.url, "192.0.2.7")).toBe(200);
  expect(proxied.app.trustedClock.isConfirmed()).toBe(true);
});
