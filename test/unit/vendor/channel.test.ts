import { expect, test } from "bun:test";
import { channelOf } from "../../../src/vendor/channel.ts";

test.each([
  ["widget", "web"],
  ["react_sdk", "web"],
  ["js_sdk", "web"],
  ["swift_sdk", "app"],
  ["react_native_sdk", "app"],
  ["python_sdk", "api"],
  ["twilio", "twilio"],
  ["sip_trunk", "sip"],
  ["genesys_bot_connector", "genesys"],
  ["twilio_sms", "sms"],
  ["whatsapp", "whatsapp"],
  ["slack_integration", "slack"],
  ["zendesk_integration", "helpdesk"],
  ["subagent_tool", "agent"],
] as const)("a conversation opened by %s is held by %s", (source, channel) => {
  expect(channelOf({ conversation_initiation_source: source }, {})).toBe(channel);
  expect(channelOf(null, { conversation_initiation_client_data: { source_info: { source } } })).toBe(channel);
});

test.each([["unknown"], ["source_of_tomorrow"], ["toString"], [""], [5], [null], [undefined]])(
  "a conversation opened by %p is of no known channel",
  (source) => {
    expect(channelOf({ conversation_initiation_source: source }, {})).toBeNull();
  },
);

test("a telephone call of an unknown kind is of the channel that its source names", () => {
  const metadata = { phone_call: { type: "new" }, conversation_initiation_source: "genesys" };
  expect(channelOf(metadata, {})).toBe("genesys");
});

test("a telephone call of which nothing is known is one by telephone", () => {
  expect(channelOf({ phone_call: {} }, {})).toBe("phone");
});

test("what the conversation was held by counts more than what opened it", () => {
  expect(channelOf({ phone_call: { type: "exotel" }, conversation_initiation_source: "widget" }, {})).toBe(
    "exotel",
  );
  expect(channelOf({ sms: {}, conversation_initiation_source: "widget" }, {})).toBe("sms");
});

test.each([[null], ["x"], [[]], [1]])("a telephone call that is %j is none", (phoneCall) => {
  expect(channelOf({ phone_call: phoneCall, conversation_initiation_source: "widget" }, {})).toBe("web");
});
