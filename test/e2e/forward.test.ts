import { afterEach, expect, test } from "bun:test";
import { transcription } from "../helpers/deliveries.ts";
import { forwardConfig, startDestination, until } from "../helpers/destination.ts";
import type { TestDestination } from "../helpers/destination.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

let receiver: Receiver | null = null;
const destinations: TestDestination[] = [];

afterEach(async () => {
  await receiver?.stop().catch(() => {});
  receiver = null;
  for (const { stop } of destinations.splice(0)) stop();
});

function destination(...options: Parameters<typeof startDestination>): TestDestination {
  const started = startDestination(...options);
  destinations.push(started);
  return started;
}

async function start(configured: Parameters<typeof forwardConfig>[0], more: Record<string, string> = {}) {
  receiver = await startReceiver({ environment: { FORWARD_CONFIG: forwardConfig(configured), ...more } });
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
