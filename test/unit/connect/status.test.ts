import { expect, test } from "bun:test";
import { markOf, noConnection } from "../../../src/connect/connection.ts";
import { statusLines } from "../../../src/connect/status.ts";
import type { Known } from "../../../src/connect/steps.ts";

const URL = "https://hooks.example.com/webhook";
const webhook = {
  webhookId: "wh_1",
  name: "receiver",
  url: URL,
  isDisabled: false,
  isAutoDisabled: false,
  createdAt: 1793620800,
  authType: "hmac",
  usages: null,
  lastFailureStatus: 503,
  lastFailureAt: 1793620800,
};
const own = {
  webhook_id: "wh_1",
  nonce: "0123456789abcdef",
  mark: markOf("wh_1", "secret"),
  url: URL,
  created_at: 1793620800,
  has_retries: true,
  is_handed_over: false,
};
const known: Known = {
  settings: {
    value: {},
    postCallWebhookId: "wh_1",
    events: ["transcript", "audio", "call_initiation_failure"],
    transcriptFormat: "json",
    excludeTranscript: false,
  },
  webhooks: [webhook],
  connection: { ...noConnection, webhooks: [own] },
  secrets: ["secret"],
  secretFile: "/etc/secret",
  reload: "service",
  nowSeconds: 1793620800,
};

const shown = (more: Partial<Known>, url: string | null = URL) =>
  statusLines({ ...known, ...more }, url).map(
    ({ subject, text, isProblem }) => `${isProblem === true ? "! " : ""}${subject}: ${text}`,
  );
const settings = (more: Partial<Known["settings"]>) => ({ settings: { ...known.settings, ...more } });

test("a connected receiver", () => {
  expect(shown({})).toEqual([
    "webhook: enabled (wh_1), last failure 503, 2026-11-02T12:00:00Z",
    "secret: /etc/secret",
    "events: transcript, audio, call_initiation_failure",
    "agents: may override this: see the dashboard",
  ]);
});

test.each<[string, Partial<Known>, string | null]>([
  ["! webhook: none: run connect", settings({ postCallWebhookId: null }), URL],
  ["webhook: wh_1; this key may not see its state", { webhooks: [] }, URL],
  [
    "! webhook: disabled by ElevenLabs (wh_1), last failure 503, 2026-11-02T12:00:00Z: run connect --enable",
    { webhooks: [{ ...webhook, isAutoDisabled: true }] },
    URL,
  ],
  [
    "! webhook: disabled by hand (wh_1): run connect --enable",
    { webhooks: [{ ...webhook, isDisabled: true, lastFailureStatus: null, lastFailureAt: null }] },
    URL,
  ],
  [
    '! webhook: delivers to another address (wh_1, "receiver"): run connect',
    { connection: noConnection },
    "https://other.example.com/webhook",
  ],
  ["! secret: not in /etc/secret: run connect", { secrets: ["another"] }, URL],
  [
    "! events: transcript; without audio, call_initiation_failure: run connect",
    settings({ events: ["transcript"] }),
    URL,
  ],
])("%s", (line, more, url) => {
  expect(shown(more, url)).toContain(line);
});
