import { expect, test } from "bun:test";
import type { VendorConversation } from "../../../src/vendor/models/conversation.ts";
import { reading } from "../../../src/vendor/reading.ts";

const conversation = reading<VendorConversation>();
const data = {
  metadata: { cost: "7", phone_call: { agent_number: "+15550100100" }, call_duration_secs: [] },
};

test("what the model names is read, tolerantly", () => {
  expect(conversation.integer(data, "metadata", "cost")).toBe(7);
  expect(conversation.text(data, "metadata", "phone_call", "agent_number")).toBe("+15550100100");
  expect(conversation.integer(data, "metadata", "call_duration_secs")).toBeNull();
  expect(conversation.list(data, "transcript")).toEqual([]);
  expect(conversation.text("nonsense", "agent_id")).toBeNull();
});

test("a name that the model does not have does not compile", () => {
  // @ts-expect-error: no such member
  expect(conversation.text(data, "agnet_id")).toBeNull();
  // @ts-expect-error: of no provider's call
  expect(conversation.text(data, "metadata", "phone_call", "agent_nmber")).toBeNull();
  // @ts-expect-error: a list's elements are read one by one
  expect(conversation.text(data, "transcript", "role")).toBeNull();
});
