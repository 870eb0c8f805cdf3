import { expect, test } from "bun:test";
import { differences, settingsFor } from "../../../src/connect/settings.ts";

const TOKEN = "Bearer 0123456789";
const read = {
  conversation_initiation_client_data_webhook: {
    url: "https://a.example.com",
    request_headers: { Authorization: TOKEN },
  },
  webhooks: {
    post_call_webhook_id: "wh_9",
    events: ["unredacted_audio", "transcript"],
    transcript_format: "opentelemetry",
    send_audio: false,
    brand_new: { a: 1 },
  },
  rag_retention_period_days: 7,
  not_yet_known: [1, { b: 2 }],
};

test("settings are sent back whole, with the webhook and the missing events, without the deprecated member", () => {
  expect(settingsFor(read, ["unredacted_audio", "transcript"], "wh_1")).toEqual({
    ...read,
    webhooks: {
      post_call_webhook_id: "wh_1",
      events: ["unredacted_audio", "transcript", "audio", "call_initiation_failure"],
      transcript_format: "opentelemetry",
      brand_new: { a: 1 },
    },
  });
});

test("what differs is named, and no value shown", () => {
  const sent = settingsFor(read, ["transcript"], "wh_1");
  expect(differences(sent, sent)).toEqual([]);
  const { not_yet_known: _, ...rest } = sent;
  const after = {
    ...rest,
    rag_retention_period_days: 10,
    webhooks: { ...read.webhooks, post_call_webhook_id: "wh_1", transcript_format: "json", events: sent },
    conversation_initiation_client_data_webhook: {
      url: "https://a.example.com",
      request_headers: { Authorization: "another" },
    },
  };
  expect(differences(sent, after)).toEqual([
    "conversation_initiation_client_data_webhook.request_headers",
    "not_yet_known",
    "rag_retention_period_days",
    "webhooks.events",
    "webhooks.transcript_format",
  ]);
});

test("the order of events, and the deprecated member, are no difference", () => {
  const sent = settingsFor(read, ["transcript"], "wh_1");
  const webhooks = {
    ...read.webhooks,
    post_call_webhook_id: "wh_1",
    send_audio: true,
    events: ["call_initiation_failure", "audio", "transcript"],
  };
  expect(differences(sent, { ...sent, webhooks })).toEqual([]);
});
