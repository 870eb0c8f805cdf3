import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectRoom, HEADER_TOKEN, startAddress } from "../helpers/connect.ts";
import type { ConnectRoom } from "../helpers/connect.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { blocksOf } from "../helpers/documents.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeOptions } from "../helpers/fake-elevenlabs/server.ts";
import { workspaceSettings } from "../helpers/fake-elevenlabs/workspace.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { stopAll } from "../helpers/reload.ts";

setDefaultTimeout(60_000);

const EVENTS = ["transcript", "audio", "call_initiation_failure"];

let room: ConnectRoom;

beforeEach(async () => {
  room = connectRoom(await startFakeElevenLabs(), temporaryFolder());
});
afterEach(() => room.fake.stop());

/** What each line is about and what was done: `webhook created`. */
const doneIn = (stdout: string) =>
  stdout
    .split("\n")
    .map((line) => line.trim().split(/ +/).slice(0, 2).join(" "))
    .filter((line) => line !== "");

describe("a receiver on this machine", () => {
  let receiver: Receiver;
  let environment: Record<string, string>;
  const address = () => `${receiver.url}/webhook`;

  beforeEach(async () => {
    writeFileSync(room.secretFile, `not-connected-${"0".repeat(64)}\n`);
    environment = { ELEVENLABS_WEBHOOK_SECRET: "", ELEVENLABS_WEBHOOK_SECRET_FILE: room.secretFile };
    receiver = await startReceiver({ environment });
    environment = { ...environment, TRANSCRIPT_STORAGE_PATH: join(receiver.folder, "transcripts.sqlite") };
  });
  afterEach(() => stopAll(receiver));

  const accepts = async (secret: string) => {
    const body = transcription(`conv_${Math.random()}`.replace(".", ""));
    return (await receiver.post(body, sign(body, { secret }))).status;
  };

  test("is connected, stays so however often, and gets a second secret by a rotation", async () => {
    const dry = await room.connect([address(), "--dry-run"], environment);
    expect([dry.status, dry.stderr]).toEqual([0, ""]);
    expect(dry.stdout).toContain("webhook   create");
    expect(dry.stdout).toContain("  POST /v1/workspace/webhooks\n");
    expect(dry.stdout).toEndWith("Nothing was changed.\n");
    expect(room.fake.requests.every(({ method }) => method === "GET")).toBe(true);
    expect(readdirSync(room.folder)).toEqual(["secret"]);

    const { status, stdout, stderr } = await room.connect([address()], environment);
    expect([status, stderr]).toEqual([0, ""]);
    expect(doneIn(stdout)).toEqual([
      "key ok",
      "address ok",
      "webhook created",
      "secret wrote",
      "receiver reloaded",
      "retries on",
      "settings changed",
    ]);
    const inGuide = blocksOf("docs/connect.md").find(({ language }) => language === "console");
    expect(doneIn(inGuide?.text ?? "")).toEqual(doneIn(stdout));
    const webhook = room.named();
    expect(webhook).toMatchObject({ url: address(), isRetryEnabled: true, isDisabled: false });
    expect(room.secrets()).toEqual([webhook?.secret ?? ""]);
    expect(await accepts(webhook?.secret ?? "")).toBe(200);
    expect(room.fake.workspace.settings.webhooks).toMatchObject({ events: EVENTS });

    const before = structuredClone(room.fake.workspace);
    const again = await room.connect([], environment);
    expect([again.status, again.stderr]).toEqual([0, ""]);
    expect(room.fake.workspace).toEqual(before);
    const state = await room.connect(["status"], environment);
    expect([state.status, doneIn(state.stdout)]).toEqual([
      0,
      ["webhook enabled", `secret ${room.secretFile}`, "events transcript,", "agents may"],
    ]);

    const [old = ""] = room.secrets();
    expect((await room.connect(["--rotate"], environment)).status).toBe(0);
    const [first, second = ""] = room.secrets();
    expect([first, room.named()?.secret]).toEqual([old, second]);
    expect([await accepts(old), await accepts(second)]).toEqual([200, 200]);

    const finished = await room.connect(["--finish"], environment);
    expect([finished.status, finished.stderr]).toEqual([0, ""]);
    expect([room.secrets(), room.fake.workspace.webhooks.length]).toEqual([[second], 1]);
    expect([await accepts(old), await accepts(second)]).toEqual([401, 200]);
    expect((await room.connect(["--finish"], environment)).stdout).toContain("nothing is left to finish");
  });
});

describe("a receiver elsewhere", () => {
  let place: Bun.Server<undefined>;
  beforeAll(() => {
    place = startAddress();
  });
  afterAll(() => place.stop(true));

  const address = () => `http://127.0.0.1:${place.port}/webhook`;
  const args = (...more: string[]) => [address(), "--secret-to", room.secretFile, ...more];

  test("is told to take the secret before the settings name the webhook", async () => {
    const first = await room.connect(args());
    expect([first.status, room.named()]).toEqual([1, undefined]);
    expect(first.stdout).toContain(`give the receiver the secrets in ${room.secretFile}`);
    const second = await room.connect(args());
    expect([second.status, room.named()?.secret]).toEqual([0, room.secrets()[0]]);
  });

  test("keeps the other settings of the workspace, and replaces a foreign webhook only if told", async () => {
    const headers = { Authorization: HEADER_TOKEN };
    const settings = workspaceSettings({
      conversation_initiation_client_data_webhook: { url: "https://a.example.com", request_headers: headers },
      webhooks: {
        post_call_webhook_id: "wh_foreign",
        events: ["transcript"],
        transcript_format: "opentelemetry",
        send_audio: false,
      },
      rag_retention_period_days: 7,
    });
    room.fake.workspace.settings = settings;
    room.fake.workspace.webhooks.push({
      id: "wh_foreign",
      name: "CRM",
      url: "https://crm.example.com",
      secret: `wsec_${"f".repeat(64)}`,
      isDisabled: false,
      isAutoDisabled: false,
      isRetryEnabled: false,
      createdAt: 1793620800,
      requestHeaders: null,
      otherUsages: [],
      lastFailureStatus: null,
      lastFailureAt: null,
    });
    const before = structuredClone(room.fake.workspace);
    const refused = await room.connect(args());
    expect([refused.status, room.fake.workspace]).toEqual([1, before]);
    expect(refused.stderr).toContain("give --replace");

    await room.connect(args("--replace"));
    const replaced = await room.connect(args("--replace"));
    expect([replaced.status, replaced.stderr]).toEqual([0, ""]);
    const { send_audio: _, ...webhooks } = before.settings.webhooks as Record<string, unknown>;
    expect(room.fake.workspace.settings).toEqual({
      ...before.settings,
      webhooks: { ...webhooks, post_call_webhook_id: room.named()?.id, events: EVENTS },
    });
    expect(room.fake.workspace.webhooks.map(({ id }) => id)).toContain("wh_foreign");
  });

  test("a webhook that was disabled is enabled by command only", async () => {
    await room.connect(args());
    await room.connect(args());
    const webhook = room.named();
    if (webhook === undefined) throw new Error("not connected");
    Object.assign(webhook, { isAutoDisabled: true, lastFailureStatus: 502, lastFailureAt: 1793620800 });
    const state = await room.connect(["status", "--secret-to", room.secretFile]);
    expect([state.status, state.stdout]).toEqual([
      1,
      expect.stringContaining("last failure 502, 2026-11-02"),
    ]);
    expect([(await room.connect(args())).status, webhook.isAutoDisabled]).toEqual([1, true]);
    const enabled = await room.connect(["--enable", "--secret-to", room.secretFile]);
    expect([enabled.status, webhook.isAutoDisabled, webhook.isDisabled]).toEqual([0, false, false]);
    expect(webhook.isRetryEnabled).toBe(true);
  });

  test("a key that may not manage webhooks changes nothing; one that sees no usages is enough", async () => {
    await restart({ keys: { sk_reads: ["convai_read"] } });
    const refused = await room.connect(args());
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("webhooks_write")]);
    expect(readdirSync(room.folder)).toEqual([]);
    await restart({ keys: { sk_writes: ["convai_read", "convai_write", "webhooks_write"] } });
    await room.connect(args());
    const connected = await room.connect(args());
    expect([connected.status, connected.stdout]).toEqual([
      0,
      expect.stringContaining("only an administrator's sees"),
    ]);
  });

  test("names what ElevenLabs has changed beside, and no value", async () => {
    await room.connect(args());
    room.fake.setFault(({ method, path }) => {
      if (method !== "PATCH" || path !== "/v1/convai/settings") return null;
      queueMicrotask(() => {
        room.fake.workspace.settings.rag_retention_period_days = 10;
      });
      return null;
    });
    room.fake.workspace.settings.rag_retention_period_days = 7;
    const { status, stderr } = await room.connect(args());
    expect([status, stderr]).toEqual([1, expect.stringContaining("rag_retention_period_days. Look")]);
  });

  async function restart(options: FakeOptions): Promise<void> {
    await room.fake.stop();
    room = connectRoom(await startFakeElevenLabs(options), room.folder);
  }
});
