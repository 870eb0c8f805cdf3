import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { SECRET, sign, transcription } from "../helpers/deliveries.ts";

const OLD_SECRET = `wsec_${"ab".repeat(32)}`;
const RECEIVED = { status: "received" };

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

afterEach(() => app.close());

/** Starts again with other settings, on an empty folder. */
async function reopen(options: Parameters<typeof openTestApp>[0]): Promise<void> {
  await app.close();
  app = await openTestApp(options);
}

const eventCount = () => app.rows<{ n: number }>("SELECT count(*) AS n FROM events")[0]?.n;

describe("a signed event", () => {
  test("is stored before it is answered with 200", async () => {
    const response = await app.handle("/webhook", {
      method: "POST",
      headers: { "elevenlabs-signature": sign(transcription("conv_1")) },
      body: transcription("conv_1"),
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"status":"received"}');
    expect(response.headers.get("content-type")).toStartWith("application/json");
    expect(app.rows("SELECT conversation_id, status, error FROM events")).toEqual([
      { conversation_id: "conv_1", status: "processed", error: null },
    ]);
  });

  test("is answered alike when it is delivered again", async () => {
    await app.post(transcription("conv_1"));
    expect(await app.post(transcription("conv_1"))).toMatchObject({ status: 200, answer: RECEIVED });
    expect(eventCount()).toBe(1);
  });

  test("is accepted whatever its content type", async () => {
    const headers = { "elevenlabs-signature": sign(transcription("conv_1")), "content-type": "text/plain" };
    const body = transcription("conv_1");
    expect((await app.handle("/webhook", { method: "POST", headers, body })).status).toBe(200);
  });

  test("is accepted under each secret during a rotation, and under no other", async () => {
    await reopen({ secrets: [SECRET, OLD_SECRET] });
    const body = transcription("conv_1");
    expect((await app.post(body, sign(body, { secret: SECRET }))).status).toBe(200);
    expect((await app.post(body, sign(body, { secret: OLD_SECRET }))).status).toBe(200);
    expect((await app.post(body, sign(body, { secret: "wsec_other" }))).status).toBe(401);
  });
});

describe("a delivery that proves nothing is refused and leaves nothing", () => {
  const body = transcription("conv_1");
  const v0 = "0".repeat(64);
  const now = Math.floor(Date.now() / 1000);
  const missing = { error: "Missing signature header", code: "signature_missing" };
  const malformed = {
    error: "No signature hash found with expected scheme v0",
    code: "signature_malformed",
  };
  const mismatch = {
    error: "Signature hash does not match the expected signature hash for payload",
    code: "signature_mismatch",
  };
  const expired = { error: "Timestamp outside the tolerance zone", code: "timestamp_expired" };

  test.each([
    ["no header", null, 401, missing],
    ["an empty header", "", 401, missing],
    ["no t", `v0=${v0}`, 401, malformed],
    ["two t", `t=${now},t=${now},v0=${v0}`, 401, malformed],
    ["a t that is no number", `t=now,v0=${v0}`, 401, malformed],
    ["no v0", `t=${now},v1=${v0}`, 401, malformed],
    ["another digest", `t=${now},v0=${v0}`, 401, mismatch],
    [
      "the digest in upper case",
      sign(body).toUpperCase().replace("T=", "t=").replace("V0", "v0"),
      401,
      mismatch,
    ],
    ["the digest of another body", sign(`${body} `), 401, mismatch],
    ["an old timestamp", sign(body, { timestamp: now - 3600 }), 400, expired],
    ["a timestamp ahead", sign(body, { timestamp: now + 3600 }), 400, expired],
  ])("%s", async (_name, header, status, answer) => {
    expect(await app.post(body, header)).toMatchObject({ status, answer });
    expect(eventCount()).toBe(0);
  });
});

describe("a signed body that can't be processed is kept, then refused", () => {
  test.each([
    ["not JSON", "{", { error: "Invalid JSON", code: "invalid_json" }],
    ["no object", "[]", { error: "Invalid JSON", code: "invalid_json" }],
    ["no type", '{"data":{}}', { error: "Invalid JSON", code: "invalid_json" }],
    [
      "an unknown type",
      '{"type":"post_call_dance","data":{}}',
      { error: "Unknown webhook type: post_call_dance", code: "unknown_type" },
    ],
    [
      "no conversation id",
      '{"type":"post_call_transcription","data":{}}',
      { error: "Invalid payload", code: "invalid_payload" },
    ],
    [
      "broken base64",
      '{"type":"post_call_audio","data":{"conversation_id":"conv_1","full_audio":"*"}}',
      { error: "Invalid payload", code: "invalid_payload" },
    ],
  ])("%s", async (_name, body, answer) => {
    for (let delivery = 1; delivery <= 2; delivery += 1) {
      expect(await app.post(body)).toMatchObject({ status: 400, answer });
    }
    const [event, ...others] = app.rows("SELECT status, error, payload FROM events");
    expect(event).toEqual({
      status: "quarantined",
      error: expect.stringMatching(new RegExp(`^${answer.code}: .`)),
      payload: body,
    });
    expect(others).toBeEmpty();
  });

  test("or answered with 200 where UNKNOWN_EVENT_STATUS is 200", async () => {
    await reopen({ config: { unknownEventStatus: 200 } });
    for (const body of ["{", '{"type":"post_call_dance"}', '{"type":"post_call_audio","data":{}}']) {
      expect(await app.post(body)).toMatchObject({ status: 200, answer: RECEIVED });
    }
    expect(app.rows("SELECT DISTINCT status FROM events")).toEqual([{ status: "quarantined" }]);
  });
});

describe("another request", () => {
  const notAllowed = { error: "Method not allowed", code: "method_not_allowed" };

  test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "%s /webhook is not allowed",
    async (method) => {
      const response = await app.handle("/webhook", { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST");
      expect(await response.text()).toBe(method === "HEAD" ? "" : JSON.stringify(notAllowed));
    },
  );

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s /health is not allowed", async (method) => {
    const response = await app.handle("/health", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.json()).toEqual(notAllowed);
  });

  test("HEAD /health tells the status alone", async () => {
    const response = await app.handle("/health", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test("GET /health is healthy", async () => {
    const response = await app.handle("/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "healthy", service: "elevenlabs-webhook" });
  });

  test.each(["GET", "POST"])("%s of another path is not found", async (method) => {
    for (const path of ["/", "/webhooks", "/webhook/1", "//webhook", "/WEBHOOK"]) {
      const response = await app.handle(path, { method });
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toEqual({ error: "Not found", code: "not_found" });
    }
    expect(app.logLines).toEqual([]);
  });

  test("a delivery to another path is a warning that says so, once a minute and without the path", async () => {
    const body = transcription("conv_lost");
    const lost = { method: "POST", headers: { "elevenlabs-signature": sign(body) }, body };
    for (const path of ["/webhooks/a-secret", "/"]) expect((await app.handle(path, lost)).status).toBe(404);
    expect(app.logLines).toEqual([
      expect.stringMatching(
        /WARNING A delivery went to another path than \/webhook, and was answered 404: correct/,
      ),
    ]);
    expect(app.logLines.join()).not.toContain("a-secret");
  });
});
