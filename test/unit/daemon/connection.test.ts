import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../../src/config/config.ts";
import { connectionText, noConnection } from "../../../src/connect/connection.ts";
import { createConnectionWatch } from "../../../src/daemon/connection.ts";
import { sharedClient } from "../../../src/daemon/rest-client.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { FAKE_KEY, startFakeElevenLabs } from "../../helpers/fake-elevenlabs/server.ts";
import { fakeWebhook } from "../../helpers/fake-elevenlabs/workspace.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const folder = temporaryFolder();
const ignore = () => {};
const log = { debug: ignore, info: ignore, warning: ignore, error: ignore };
const recover: Config["recover"] = { kind: "all" };

/** A folder with what connect remembers beside the secret, of a webhook with that id. */
function rememberedFolder(id: string): string {
  const path = join(folder, id);
  mkdirSync(path);
  const own = {
    webhook_id: id,
    nonce: "0123456789abcdef",
    mark: "",
    url: "https://hooks.example.com/webhook",
    created_at: 1793620800,
    has_retries: true,
    is_handed_over: false,
  };
  writeFileSync(join(path, "connection.json"), connectionText({ ...noConnection, webhooks: [own] }));
  return path;
}

async function watched(differs: { recover?: Config["recover"]; key?: string | null }) {
  const fake = await startFakeElevenLabs({
    workspace: { webhooks: [fakeWebhook({ id: "wh_own", isAutoDisabled: true })] },
  });
  const { key = FAKE_KEY } = differs;
  const connection = createConnectionWatch({
    config: { secrets: [SECRET], publicUrl: "https://hooks.example.com", recover, ...differs },
    environment: {},
    loadClient: sharedClient({ vendorApiKey: key, vendorApiUrl: fake.url }),
    waits: { firstMs: 1, everyMs: 5 },
    log,
  });
  return { fake, connection };
}

test("asks again and again, until it is stopped", async () => {
  const { fake, connection } = await watched({});
  expect(connection.status()).toBeNull();
  connection.start();
  while (fake.requests.length < 3) await Bun.sleep(5);
  expect(connection.status()?.webhook).toBe("disabled");
  connection.stop();
  await Bun.sleep(50);
  const count = fake.requests.length;
  await Bun.sleep(50);
  expect(fake.requests).toHaveLength(count);
  // A reload that came to nothing.
  connection.start();
  while (fake.requests.length === count) await Bun.sleep(5);
  connection.stop();
  await fake.stop();
});

test.each([
  ["there is no key", { key: null }],
  ["nothing is to be recovered, though there is a key", { recover: { kind: "off" } as const }],
])("asks nothing if %s", async (_, differs) => {
  const { fake, connection } = await watched(differs);
  connection.start();
  await Bun.sleep(50);
  connection.stop();
  expect(connection.status()).toBeNull();
  expect(fake.requests).toEqual([]);
  await fake.stop();
});

test("reads what connect remembers beside the secret's file", async () => {
  const secretFile = join(rememberedFolder("wh_remembered"), "secret");
  const fake = await startFakeElevenLabs({
    workspace: { webhooks: [fakeWebhook({ id: "wh_other" }), fakeWebhook({ id: "wh_remembered" })] },
  });
  const connection = createConnectionWatch({
    config: { secrets: [SECRET], publicUrl: null, recover },
    environment: { ELEVENLABS_WEBHOOK_SECRET_FILE: secretFile },
    loadClient: sharedClient({ vendorApiKey: FAKE_KEY, vendorApiUrl: fake.url }),
    waits: { firstMs: 1, everyMs: 5 },
    log,
  });
  connection.start();
  while (connection.status()?.webhook !== "enabled") await Bun.sleep(5);
  fake.workspace.webhooks = [];
  while (connection.status()?.webhook !== "not_connected") await Bun.sleep(5);
  connection.stop();
  await fake.stop();
});

test("a receiver with a placeholder for its secret is not connected, which takes no key to know", () => {
  const connection = createConnectionWatch({
    config: { secrets: [`not-connected-${"0".repeat(64)}`], publicUrl: null, recover },
    environment: {},
    loadClient: null,
    log,
  });
  expect(connection.status()).toEqual({ webhook: "not_connected", lastFailure: null });
});
