// What tests with the fake rest on: that it notices what no client of ours may do.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { FAKE_KEY, startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs, FakeOptions } from "../helpers/fake-elevenlabs/server.ts";
import { fakeWebhook, workspaceSettings } from "../helpers/fake-elevenlabs/workspace.ts";

type Ask = (path: string, method?: string, body?: unknown) => Promise<Response>;

/** What the fake says at its end of the requests of a test. */
async function verdict(use: (ask: Ask, fake: FakeElevenLabs) => Promise<unknown>, options?: FakeOptions) {
  const fake = await startFakeElevenLabs(options);
  await use(async (path, method = "GET", body) => {
    const text = body === undefined ? null : JSON.stringify(body);
    return await fetch(fake.url + path, { method, body: text, headers: { "xi-api-key": FAKE_KEY } });
  }, fake);
  return await fake.stop().then(
    () => "nothing",
    (error: unknown) => String(error),
  );
}

const hook = {
  settings: { auth_type: "hmac", name: "one", webhook_url: "https://hooks.example.com/webhook" },
};

test("notices a page of more than a hundred rows", async () => {
  const said = await verdict(async (ask) => {
    expect((await ask("/v1/convai/conversations?page_size=100")).status).toBe(200);
    expect((await ask("/v1/convai/conversations?page_size=101")).status).toBe(422);
  });
  expect(said).toContain("query.page_size: 101 is not allowed");
});

test("notices a POST that comes again, unless it was answered 429", async () => {
  const twice = async (ask: Ask) => [
    await ask("/v1/workspace/webhooks", "POST", hook),
    await ask("/v1/workspace/webhooks", "POST", hook),
  ];
  expect(await verdict(twice)).toContain("POST /v1/workspace/webhooks came twice");
  const status = (code: number) => (request: { number: number }) =>
    request.number === 1 ? ({ kind: "status", status: code } as const) : null;
  expect(await verdict(twice, { fault: status(500) })).toContain("came twice");
  expect(await verdict(twice, { fault: status(429) })).toBe("nothing");
});

test("notices a fourth request at once", async () => {
  const many = (count: number) => async (ask: Ask) =>
    await Promise.all(Array.from({ length: count }, () => ask("/v1/convai/settings")));
  const slow = { fault: () => ({ kind: "slow", ms: 100 }) as const };
  expect(await verdict(many(3), slow)).toBe("nothing");
  expect(await verdict(many(4), slow)).toContain("is number 4 at once");
});

test("answers 429 to more at once than an account may have", async () => {
  const slow = { fault: () => ({ kind: "slow", ms: 100 }) as const, atOnceMax: 1 };
  await verdict(async (ask) => {
    const answers = await Promise.all([ask("/v1/convai/settings"), ask("/v1/convai/settings")]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429]);
  }, slow);
});

test.each<[string, string, unknown]>([
  ["GET", "/v1/convai/agents", undefined],
  ["GET", "/v1/convai/conversations?page_rows=3", undefined],
  ["GET", "/v1/convai/conversations?call_start_after_unix=today", undefined],
  ["POST", "/v1/workspace/webhooks", { settings: { name: "one" } }],
  ["PATCH", "/v1/workspace/webhooks/wh_1", { name: "one" }],
  ["PATCH", "/v1/convai/settings", { webhooks: { transcript_format: "xml" } }],
])("notices what the document does not allow: %s %s", async (method, path, body) => {
  const said = await verdict(async (ask) => await ask(path, method, body));
  expect(said).not.toBe("nothing");
});

test("notices an answer of its own that the document does not allow", async () => {
  const odd = fakeConversation({ id: "conv_1", more: { transcript: "a text" } });
  const said = await verdict(async (ask) => await ask("/v1/convai/conversations/conv_1"), {
    workspace: { conversations: [odd] },
  });
  expect(said).toContain("the fake's own answer");
});

test("resets the settings that a PATCH leaves out, as ElevenLabs may", async () => {
  const webhook = fakeWebhook({});
  const settings = workspaceSettings({
    can_use_mcp_servers: true,
    webhooks: { post_call_webhook_id: webhook.id, events: ["audio"], transcript_format: "opentelemetry" },
  });
  await verdict(
    async (ask, { workspace }) => {
      await ask("/v1/convai/settings", "PATCH", { webhooks: { events: ["transcript"] } });
      expect(workspace.settings).toEqual(workspaceSettings());
    },
    { workspace: { webhooks: [webhook], settings } },
  );
});

test("runs as a script, for people without an account", async () => {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../../scripts/fake-elevenlabs.ts"), "0"],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  let said = "";
  for await (const piece of child.stdout) {
    said += new TextDecoder().decode(piece);
    if (said.includes("ELEVENLABS_API_KEY=")) break;
  }
  const [, url, key = ""] = /ELEVENLABS_API_URL=(\S+) ELEVENLABS_API_KEY=(\S+)/.exec(said) ?? [];
  const answer = await fetch(`${url}/v1/convai/conversations`, { headers: { "xi-api-key": key } });
  const { conversations } = (await answer.json()) as { conversations: { conversation_id: string }[] };
  expect(conversations).toHaveLength(24);
  const recording = await fetch(`${url}/v1/convai/conversations/${conversations[0]?.conversation_id}/audio`, {
    headers: { "xi-api-key": key },
  });
  expect((await recording.bytes()).length).toBeGreaterThan(1000);
  child.kill();
  await child.exited;
});
