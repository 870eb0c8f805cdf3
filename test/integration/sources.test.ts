import { afterAll, beforeAll, expect, test } from "bun:test";
import { allowedSources, anyAddress, noAddress, trustedProxies } from "../../src/config/addresses.ts";
import { listen } from "../../src/http/server.ts";
import type { Server } from "../../src/http/server.ts";
import type { AddressList } from "../../src/platform/address.ts";
import type { Parsed } from "../../src/platform/parsed.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/ports.ts";

function listOf(parsed: Parsed<AddressList>): AddressList {
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

let app: TestApp;
let server: Server;

/** On a real port: without a connection nobody has an address. */
beforeAll(async () => {
  const config = {
    allowedSources: listOf(allowedSources("elevenlabs", "/")),
    trustedProxies: listOf(trustedProxies("127.0.0.1", "/")),
  };
  app = await openTestApp({ config });
  server = await listenOnFreePort(app);
});

async function listenOnFreePort({ app: application, config }: TestApp): Promise<Server> {
  const listening = listen(application, { ...config, port: await freePort() });
  if (listening.kind === "failed") throw new Error(listening.problem);
  return listening.server;
}

afterAll(async () => {
  await server.stopNow();
  await app.close();
});

async function deliver(forwardedFor: string, signature?: string) {
  const body = transcription("conv_1");
  const response = await fetch(`${server.url}/webhook`, {
    method: "POST",
    headers: { "x-forwarded-for": forwardedFor, "elevenlabs-signature": signature ?? sign(body) },
    body,
  });
  return { status: response.status, answer: await response.json() };
}

const refused = {
  status: 403,
  answer: { error: "Source address not allowed", code: "source_not_allowed" },
};

test("a delivery from an address that is named is taken, and the log tells the address", async () => {
  expect(await deliver("34.67.146.145")).toEqual({ status: 200, answer: { status: "received" } });
  expect(app.logLines.at(-1)).toContain(" address=34.67.146.145 ");
});

test("a delivery from any other address is refused, signed or not", async () => {
  for (const signature of [undefined, "", "t=1"]) {
    expect(await deliver("192.0.2.1", signature)).toEqual(refused);
    expect(await deliver("34.67.146.145, 192.0.2.1", signature)).toEqual(refused);
    expect(await deliver("unknown", signature)).toEqual(refused);
  }
  expect(app.logLines.some((line) => line.includes("code=source_not_allowed address=192.0.2.1"))).toBe(true);
});

test("a request without a connection comes from nowhere", async () => {
  expect(await app.post(transcription("conv_1"))).toMatchObject(refused);
  const open = await openTestApp({ config: { allowedSources: anyAddress, trustedProxies: noAddress } });
  expect((await open.post(transcription("conv_1"))).status).toBe(200);
  await open.close();
});

test("the API answers those who are named, and looks at no other's token", async () => {
  const config = {
    apiTokens: ["0123456789abcdef0123456789abcdef"],
    apiSources: listOf(allowedSources("127.0.0.0/8, 10.0.0.0/8", "/")),
    trustedProxies: listOf(trustedProxies("127.0.0.1", "/")),
  };
  const api = await openTestApp({ config });
  const listening = await listenOnFreePort(api);
  const ask = async (forwardedFor: string | null, path: string, token = config.apiTokens[0]) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(forwardedFor === null ? {} : { "x-forwarded-for": forwardedFor }),
    };
    const response = await fetch(`${listening.url}${path}`, { headers });
    return { status: response.status, answer: path === "/metrics" ? null : await response.json() };
  };
  for (const path of ["/conversations", "/metrics"]) {
    expect((await ask(null, path)).status).toBe(200);
    expect((await ask("10.1.2.3", path)).status).toBe(200);
    expect((await ask("192.0.2.1", path)).status).toBe(403);
  }
  expect(await ask("192.0.2.1", "/conversations")).toEqual(refused);
  for (let n = 0; n < 30; n += 1) expect((await ask("192.0.2.1", "/stats", "wrong")).status).toBe(403);
  // Behind a proxy it is the forwarded client that has to wait.
  for (let n = 0; n < 20; n += 1) await ask("10.1.2.3", "/stats", "wrong");
  expect((await ask("10.1.2.3", "/stats", "wrong")).status).toBe(429);
  expect((await ask("10.1.2.4", "/stats", "wrong")).status).toBe(401);
  await listening.stopNow();
  await api.close();
});

test("health and documentation are open to all", async () => {
  for (const path of ["/health", "/docs", "/docs/json"]) {
    const headers = { "x-forwarded-for": "192.0.2.1" };
    expect((await fetch(`${server.url}${path}`, { headers })).status).toBe(200);
  }
});
