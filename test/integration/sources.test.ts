import { afterAll, beforeAll, expect, test } from "bun:test";
import { allowedSources, anyAddress, noAddress, trustedProxies } from "../../src/config-addresses.ts";
import { listen } from "../../src/http/server.ts";
import type { Server } from "../../src/http/server.ts";
import type { AddressList } from "../../src/platform/address.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/receiver.ts";

function listOf(parsed: { value: AddressList } | { problem: string }): AddressList {
  if ("problem" in parsed) throw new Error(parsed.problem);
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
  const listening = listen(app.app, { ...app.config, port: await freePort() });
  if ("problem" in listening) throw new Error(listening.problem);
  server = listening;
});

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

test("health and documentation are open to all", async () => {
  for (const path of ["/health", "/docs", "/docs/json"]) {
    const headers = { "x-forwarded-for": "192.0.2.1" };
    expect((await fetch(`${server.url}${path}`, { headers })).status).toBe(200);
  }
});
