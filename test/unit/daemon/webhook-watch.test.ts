import { expect, test } from "bun:test";
import { noConnection } from "../../../src/connect/connection.ts";
import type { ConnectionRecord } from "../../../src/connect/connection.ts";
import { createWebhookWatch, statusOf } from "../../../src/daemon/webhook-watch.ts";
import { loadRestClient } from "../../../src/vendor/rest/load.ts";
import type { RestWebhook } from "../../../src/vendor/rest/port.ts";
import { FAKE_KEY, startFakeElevenLabs } from "../../helpers/fake-elevenlabs/server.ts";
import type { FakeOptions } from "../../helpers/fake-elevenlabs/server.ts";
import { fakeWebhook } from "../../helpers/fake-elevenlabs/workspace.ts";

const webhook = (differs: Partial<RestWebhook>): RestWebhook => ({
  webhookId: "wh_own",
  name: "ours",
  url: "https://hooks.example.com/webhook",
  isDisabled: false,
  isAutoDisabled: false,
  createdAt: 1793620800,
  authType: "hmac",
  usages: null,
  lastFailureStatus: null,
  lastFailureAt: null,
  ...differs,
});

const remembered = (...ids: string[]): ConnectionRecord => ({
  ...noConnection,
  webhooks: ids.map((webhook_id) => ({
    webhook_id,
    nonce: "0123456789abcdef",
    mark: "",
    url: "https://hooks.example.com/webhook",
    created_at: 1793620800,
    has_retries: true,
    is_handed_over: false,
  })),
});

test("a webhook of ours is enabled, disabled by hand or by ElevenLabs, or gone", () => {
  const own = remembered("wh_own");
  expect(statusOf([webhook({})], own, null).webhook).toBe("enabled");
  expect(statusOf([webhook({ isDisabled: true })], own, null).webhook).toBe("disabled");
  expect(statusOf([webhook({ isAutoDisabled: true })], own, null).webhook).toBe("disabled");
  expect(statusOf([webhook({ webhookId: "wh_other" })], own, null).webhook).toBe("not_connected");
});

test("during a rotation one of two that is enabled is enough", () => {
  const both = [webhook({ isDisabled: true }), webhook({ webhookId: "wh_new" })];
  expect(statusOf(both, remembered("wh_own", "wh_new"), null).webhook).toBe("enabled");
});

test("without what connect remembers, ours is the one with our address", () => {
  const other = webhook({ url: "https://elsewhere.example.com/webhook", isDisabled: true });
  const here = "https://hooks.example.com";
  expect(statusOf([other, webhook({})], null, here).webhook).toBe("enabled");
  expect(statusOf([other], noConnection, here).webhook).toBe("unknown");
  expect(statusOf([webhook({})], null, null).webhook).toBe("unknown");
});

test("the last failure is that of the webhook that failed last", () => {
  const webhooks = [
    webhook({ lastFailureAt: 1793620800, lastFailureStatus: 502 }),
    webhook({ webhookId: "wh_new", lastFailureAt: 1793620900, lastFailureStatus: 500 }),
    webhook({ webhookId: "wh_other", lastFailureAt: 1793629999, lastFailureStatus: 404 }),
  ];
  const { lastFailure } = statusOf(webhooks, remembered("wh_own", "wh_new"), null);
  expect(lastFailure).toEqual({ status: 500, atMs: 1793620900_000 });
});

async function watch(options: FakeOptions) {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const fake = await startFakeElevenLabs(options);
  const client = await loadRestClient({
    key: FAKE_KEY,
    url: fake.url,
    pace: { triesMax: 2, backoffMs: 1, backoffMsMax: 1 },
  });
  const watched = createWebhookWatch({
    client,
    readConnection: async () => remembered("wh_own"),
    publicUrl: null,
    log: { debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") },
  });
  return { fake, lines, look: () => watched.look(new AbortController().signal), status: watched.status };
}

test("a key that may not read webhooks switches the watch off, with one line", async () => {
  const { fake, lines, look, status } = await watch({ keys: { [FAKE_KEY]: ["convai_read"] } });
  for (let round = 0; round < 3; round += 1) await look();
  expect(status()).toEqual({ webhook: "unknown", lastFailure: null });
  expect(lines).toEqual([expect.stringMatching(/^info: The API key may not read webhooks/)]);
  expect(fake.requests).toHaveLength(1);
  await fake.stop();
});

test("what was known stays while ElevenLabs can't be reached, and no line is a warning", async () => {
  const own = fakeWebhook({ id: "wh_own", isAutoDisabled: true, lastFailureStatus: 502 });
  const { fake, lines, look, status } = await watch({ workspace: { webhooks: [own] } });
  expect(status().webhook).toBe("unknown");
  await look();
  const disabled = { webhook: "disabled", lastFailure: { status: 502, atMs: null } } as const;
  expect(status()).toEqual(disabled);
  fake.setFault(() => ({ kind: "status", status: 503 }));
  await look();
  expect(status()).toEqual(disabled);
  fake.setFault(null);
  own.isAutoDisabled = false;
  await look();
  expect(status().webhook).toBe("enabled");
  expect(lines.filter((line) => !line.startsWith("debug"))).toEqual([]);
  await fake.stop();
});
