import { afterEach, describe, expect, test } from "bun:test";
import { RestError } from "../../src/vendor/rest/fault.ts";
import type { RestFault } from "../../src/vendor/rest/fault.ts";
import { loadRestClient } from "../../src/vendor/rest/load.ts";
import type { RestPace } from "../../src/vendor/rest/pace.ts";
import type { RestClient, RestRecording } from "../../src/vendor/rest/port.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs, FakeOptions, Fault } from "../helpers/fake-elevenlabs/server.ts";
import { fakeWebhook, workspaceSettings } from "../helpers/fake-elevenlabs/workspace.ts";

const quick: Partial<RestPace> = { backoffMs: 2, backoffMsMax: 4, stallMsMax: 5000 };
const recording = Buffer.alloc(300_000, "ID3 a recording ");
const conversations = Array.from({ length: 250 }, (_, index) =>
  fakeConversation({
    id: `conv_${index}`,
    agentId: index % 5 === 0 ? "agent_other" : "agent_own",
    startedAt: 1_790_000_000 + index * 60,
    recording: index < 3 ? recording : null,
  }),
);

let fake: FakeElevenLabs;

afterEach(async () => await fake.stop());

/** A client of a fake; the faults are those of the first requests, one each. */
async function start(
  options: FakeOptions & { faults?: (Fault | null)[]; pace?: Partial<RestPace>; key?: string } = {},
): Promise<RestClient> {
  const { faults, pace, key, ...fakeOptions } = options;
  fake = await startFakeElevenLabs({
    workspace: { conversations },
    ...(faults === undefined ? {} : { fault: ({ number }) => faults[number - 1] ?? null }),
    ...fakeOptions,
  });
  return await loadRestClient({ key: key ?? fake.key, url: fake.url, pace: { ...quick, ...pace } });
}

async function faultOf(work: Promise<unknown>): Promise<RestFault> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof RestError) return error.fault;
  throw new Error("it did not fail with a RestError", { cause: error });
}

async function bytesOf({ pieces }: RestRecording): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

const times = (count: number, fault: Fault) => Array.from({ length: count }, () => fault);
const statuses = () => fake.requests.map(({ status }) => status);

describe("conversations", () => {
  test("are listed page by page, newest first, of an agent and a time", async () => {
    const client = await start();
    const seen: string[] = [];
    const query = { agentId: "agent_own", startedAfter: 1_790_000_000 + 60, startedBefore: 1_790_012_000 };
    for (let cursor: string | null = ""; cursor !== null;) {
      const page = await client.listConversations({ ...query, ...(cursor === "" ? {} : { cursor }) });
      seen.push(...page.conversations.map(({ conversationId }) => conversationId));
      cursor = page.nextCursor;
    }
    const expected = conversations.filter(({ agentId }, index) => agentId === "agent_own" && index <= 200);
    expect(seen).toEqual(expected.map(({ id }) => id).toReversed());
    expect(fake.requests.map(({ query: { page_size } }) => page_size)).toEqual(["100", "100"]);
  });

  test("come with what is judged by, and with their text as it was sent", async () => {
    const text = JSON.stringify(
      {
        agent_id: "agent_own",
        conversation_id: "conv_1",
        status: "a-later-one",
        has_audio: true,
        metadata: { start_time_unix_secs: 1_790_000_000, call_duration_secs: 7 },
      },
      null,
      3,
    );
    const client = await start({ faults: [{ kind: "text", text }] });
    expect(await client.getConversation("conv_1")).toEqual({
      conversationId: "conv_1",
      agentId: "agent_own",
      status: "a-later-one",
      hasAudio: true,
      startedAt: 1_790_000_000,
      durationSeconds: 7,
      text,
      value: JSON.parse(text),
    });
  });

  test.each([
    ["no JSON", "<html>"],
    ["no JSON object", "[]"],
    ["conversation_id", "{}"],
    ["has_audio", '{"conversation_id":"c","agent_id":"a","status":"done"}'],
    [
      "metadata.call_duration_secs",
      '{"conversation_id":"c","agent_id":"a","status":"done","has_audio":false,"metadata":{"start_time_unix_secs":1,"call_duration_secs":"7"}}',
    ],
  ])("that lack what is judged by are a bad answer, named %s", async (name, text) => {
    const client = await start({ faults: [{ kind: "text", text }] });
    const fault = await faultOf(client.getConversation("conv_1"));
    expect(fault).toMatchObject({ kind: "bad_answer", reason: expect.stringContaining(name) });
  });

  test("with an id that would lead to another path are not asked for", async () => {
    const client = await start();
    for (const id of ["..", "a/b", "", "a?b"]) {
      expect((await faultOf(client.getConversation(id))).kind).toBe("bad_answer");
      expect((await faultOf(client.deleteWebhook(id))).kind).toBe("bad_answer");
    }
    expect(fake.requests).toEqual([]);
  });

  test("of which there are more need a cursor", async () => {
    const change = (page: object) => ({ ...page, has_more: true, next_cursor: null });
    const client = await start({ faults: [{ kind: "changed", change }] });
    expect((await faultOf(client.listConversations({}))).kind).toBe("bad_answer");
  });
});

describe("a recording", () => {
  test.each([
    ["with its length", null, recording.length],
    ["in chunks", { kind: "chunked" } as const, null],
  ])("is streamed %s", async (_, fault, bytes) => {
    const client = await start({ faults: [fault] });
    const got = await client.fetchRecording("conv_0", async (one) => ({
      bytes: one.bytes,
      content: await bytesOf(one),
    }));
    expect(got.bytes).toBe(bytes);
    expect(got.content.equals(recording)).toBe(true);
  });

  test.each(["length", "chunked"] as const)(
    "that is cut (%s) is fetched from its first byte again",
    async (framing) => {
      const client = await start({ faults: times(2, { kind: "cut answer", afterBytes: 70_000, framing }) });
      let calls = 0;
      const content = await client.fetchRecording("conv_0", (one) => ((calls += 1), bytesOf(one)));
      expect(content.equals(recording)).toBe(true);
      expect(calls).toBe(3);
    },
  );

  test("whose end can't be told from a cut is refused", async () => {
    const client = await start({ faults: times(9, { kind: "until close" }) });
    let calls = 0;
    const fault = await faultOf(client.fetchRecording("conv_0", (one) => ((calls += 1), bytesOf(one))));
    expect(fault.kind).toBe("bad_answer");
    expect(calls).toBe(0);
  });

  test("that stalls is given up", async () => {
    const faults = times(2, { kind: "drip", bytes: 1000, everyMs: 2000 });
    const client = await start({ faults, pace: { stallMsMax: 100, triesMax: 2 } });
    const fault = await faultOf(client.fetchRecording("conv_0", bytesOf));
    expect(fault).toEqual({ kind: "unavailable", reason: "too slow" });
  });

  test("that is not there is not found", async () => {
    const client = await start();
    expect(await faultOf(client.fetchRecording("conv_9", bytesOf))).toEqual({ kind: "not_found" });
  });

  test("whose taker fails is not fetched again", async () => {
    const client = await start();
    const full = new Error("disk full");
    const taken = client.fetchRecording("conv_0", async ({ pieces }) => {
      for await (const _ of pieces) throw full;
    });
    expect(taken).rejects.toBe(full);
    await taken.catch(() => undefined);
    expect(fake.requests).toHaveLength(1);
    // Its slot is free again.
    expect((await client.fetchRecording("conv_1", bytesOf)).equals(recording)).toBe(true);
  });
});

describe("a request", () => {
  test.each<Fault>([
    { kind: "status", status: 408 },
    { kind: "status", status: 429 },
    { kind: "status", status: 429, retryAfter: "0" },
    { kind: "status", status: 500 },
    { kind: "status", status: 503 },
    { kind: "cut before" },
    { kind: "cut after" },
    { kind: "cut answer", afterBytes: 50 },
    { kind: "cut answer", afterBytes: 50, framing: "chunked" },
  ])("is tried again after %j", async (fault) => {
    const client = await start({ faults: times(3, fault) });
    expect((await client.getConversation("conv_7")).conversationId).toBe("conv_7");
    expect(fake.requests).toHaveLength(4);
  });

  test("is tried six times, no more", async () => {
    const client = await start({ faults: times(9, { kind: "status", status: 502 }) });
    const fault = await faultOf(client.getSettings());
    expect(fault).toEqual({ kind: "unavailable", reason: "status 502" });
    expect(fake.requests).toHaveLength(6);
  });

  test("waits for as long as ElevenLabs says", async () => {
    const client = await start({ faults: [{ kind: "status", status: 429, retryAfter: "1" }] });
    const beganMs = performance.now();
    await client.getSettings();
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(990);
  });

  test("does not wait for longer than two minutes", async () => {
    const client = await start({ faults: [{ kind: "status", status: 429, retryAfter: "3600" }] });
    expect(await faultOf(client.getSettings())).toEqual({ kind: "rate_limited" });
  });

  test("takes no answer that may have lost its end", async () => {
    const client = await start({ faults: [{ kind: "until close", afterBytes: 40 }] });
    expect((await faultOf(client.getSettings())).kind).toBe("bad_answer");
  });

  test("does not follow a redirect, which would take the key along", async () => {
    const elsewhere = await startFakeElevenLabs();
    const location = `${elsewhere.url}/v1/convai/settings`;
    const client = await start({ faults: times(9, { kind: "redirect", location }) });
    expect(await faultOf(client.getSettings())).toEqual({ kind: "bad_answer", reason: "a redirect" });
    expect(elsewhere.requests).toEqual([]);
    expect(fake.requests).toHaveLength(1);
    await elsewhere.stop();
  });

  test("ends if its caller stops it, also between two tries", async () => {
    const faults: Fault[] = [{ kind: "slow", ms: 10_000 }, ...times(9, { kind: "status", status: 503 })];
    const client = await start({ faults, pace: { backoffMs: 60_000, backoffMsMax: 60_000 } });
    for (let round = 0; round < 2; round += 1) {
      const stop = new AbortController();
      const fault = faultOf(client.getSettings({ signal: stop.signal }));
      while (fake.requests.length <= round) await Bun.sleep(5);
      stop.abort();
      expect(await fault).toEqual({ kind: "cancelled" });
    }
    expect(await faultOf(client.getSettings({ signal: AbortSignal.abort() }))).toEqual({ kind: "cancelled" });
    expect(fake.requests).toHaveLength(2);
  });

  test("is one of two at once, beside one recording", async () => {
    let most = 0;
    const client = await start({ fault: () => ({ kind: "slow", ms: 5 }) });
    const work = [
      ...Array.from({ length: 20 }, (_, index) => client.getConversation(`conv_${index}`)),
      ...Array.from({ length: 3 }, (_, index) => client.fetchRecording(`conv_${index}`, bytesOf)),
    ];
    await Promise.all(work);
    for (const { number } of fake.requests) most = Math.max(most, number);
    // The fake itself fails the test if more than three run at once.
    expect(most).toBe(23);
  });
});

describe("a refusal is told by its kind", () => {
  test("without a valid key", async () => {
    const client = await start({ key: "sk_wrong" });
    expect(await faultOf(client.getSettings())).toEqual({ kind: "unauthorized" });
  });

  test("without a permission, with its name", async () => {
    const client = await start({ keys: { sk_reads: ["convai_read"] } });
    expect(await faultOf(client.listWebhooks("without usages"))).toEqual({
      kind: "forbidden",
      scope: "webhooks_write",
    });
  });

  test("without a permission, in words that another version of the API may use", async () => {
    const client = await start({ faults: [{ kind: "status", status: 403 }] });
    expect(await faultOf(client.getSettings())).toEqual({ kind: "forbidden", scope: "convai_read" });
  });

  test("of usages for one who is no administrator", async () => {
    const client = await start({ keys: { sk_manager: ["webhooks_write"] } });
    expect((await faultOf(client.listWebhooks("with usages"))).kind).toBe("forbidden");
    expect(await client.listWebhooks("without usages")).toEqual([]);
  });

  test("of a member, with its name and nothing else", async () => {
    const client = await start({ faults: [{ kind: "unprocessable", loc: ["query", "page_size"] }] });
    expect(await faultOf(client.listConversations({}))).toEqual({
      kind: "unprocessable",
      member: "query.page_size",
    });
  });

  test.each([
    [404, { kind: "not_found" }],
    [402, { kind: "refused", status: 402 }],
  ] as const)("%d", async (status, fault) => {
    const client = await start({ faults: times(9, { kind: "status", status }) });
    expect(await faultOf(client.getConversation("conv_1"))).toEqual(fault);
    expect(statuses()).toEqual([status]);
  });

  test("of what is always there, which is another address than that of the API", async () => {
    const client = await start({ faults: times(3, { kind: "status", status: 404 }) });
    const fault = { kind: "bad_answer", reason: "404: check ELEVENLABS_API_URL" } as const;
    expect(await faultOf(client.listConversations({ agentId: "agent_own" }))).toEqual(fault);
    expect(await faultOf(client.getSettings())).toEqual(fault);
    expect(await faultOf(client.listWebhooks("with usages"))).toEqual(fault);
  });

  test("by nobody at all", async () => {
    const client = await start({ pace: { triesMax: 2 } });
    await fake.stop();
    expect((await faultOf(client.getSettings())).kind).toBe("unavailable");
  });
});

describe("a webhook", () => {
  test.each<Fault>([
    { kind: "status", status: 500 },
    { kind: "status", status: 408 },
    { kind: "cut before" },
    { kind: "cut after" },
    { kind: "cut answer", afterBytes: 5 },
  ])("that may have been created is not created again, after %j", async (fault) => {
    const client = await start({ faults: [fault] });
    await client.getSettings().catch(() => undefined);
    fake.setFault(({ method }) => (method === "POST" ? fault : null));
    const before = fake.requests.length;
    const created = client.createWebhook({ name: "one", url: "https://hooks.example.com/webhook" });
    expect((await faultOf(created)).kind).toBe("unavailable");
    expect(fake.requests.length - before).toBe(1);
  });

  test("that was not created for too many requests is asked for again", async () => {
    const client = await start({ faults: times(2, { kind: "status", status: 429 }) });
    const { webhookId, secret } = await client.createWebhook({
      name: "one",
      url: "https://hooks.example.com/w",
    });
    expect(secret).toMatch(/^wsec_[0-9a-f]{64}$/);
    expect(await client.listWebhooks("with usages")).toEqual([
      {
        webhookId,
        name: "one",
        url: "https://hooks.example.com/w",
        isDisabled: false,
        isAutoDisabled: false,
        createdAt: expect.any(Number),
        authType: "hmac",
        usages: [],
        lastFailureStatus: null,
        lastFailureAt: null,
      },
    ]);
  });

  test("is changed, and deleted unless it is in use", async () => {
    const webhook = fakeWebhook({ name: "old", isDisabled: true, isAutoDisabled: true });
    const settings = workspaceSettings({ webhooks: { post_call_webhook_id: webhook.id } });
    const client = await start({ workspace: { webhooks: [webhook], settings } });
    await client.patchWebhook(webhook.id, { isDisabled: false, name: "new", isRetryEnabled: true });
    expect(webhook).toMatchObject({
      name: "new",
      isDisabled: false,
      isAutoDisabled: false,
      isRetryEnabled: true,
    });
    expect((await client.listWebhooks("with usages"))[0]?.usages).toEqual(["ConvAI Settings"]);
    expect(await faultOf(client.deleteWebhook(webhook.id))).toEqual({ kind: "refused", status: 400 });
    await client.patchSettings(workspaceSettings());
    await client.deleteWebhook(webhook.id);
    expect(await client.listWebhooks("without usages")).toEqual([]);
  });
});

test("settings are read and sent back whole, with members that nobody knows", async () => {
  const webhook = fakeWebhook({});
  const client = await start({ workspace: { webhooks: [webhook] } });
  const { value } = await client.getSettings();
  const changed = await client.patchSettings({
    ...value,
    a_later_member: { of: "any form" },
    webhooks: {
      post_call_webhook_id: webhook.id,
      events: ["transcript", "answering_machine_detection"],
      transcript_format: "opentelemetry",
      exclude_transcript: true,
    },
  });
  expect(changed).toMatchObject({
    postCallWebhookId: webhook.id,
    events: ["transcript", "answering_machine_detection"],
    transcriptFormat: "opentelemetry",
    excludeTranscript: true,
  });
  expect(fake.workspace.settings.a_later_member).toEqual({ of: "any form" });
});
