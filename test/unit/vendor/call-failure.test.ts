import { describe, expect, test } from "bun:test";
import { failureOf } from "../../../src/vendor/derive.ts";
import { isQuarantine, readEvent } from "../../../src/vendor/event.ts";
import { fixture } from "../../helpers/deliveries.ts";

function failure(body: unknown) {
  const event = readEvent(body);
  if (isQuarantine(event)) throw new Error(event.reason);
  return failureOf(event);
}

/** A failure with this report, which came at second 7. */
const reported = (body: unknown, type = "twilio") =>
  failure({
    type: "call_initiation_failure",
    event_timestamp: 7,
    data: { conversation_id: "c", failure_reason: "busy", metadata: { type, body } },
  });

describe("the columns of each documented failure", () => {
  const twilio = {
    provider: "twilio",
    fromNumber: "+4930555000100",
    toNumber: "+4915155500017",
    occurredAt: 1793620831,
  };
  test.each([
    ["call_initiation_failure_twilio_busy.json", { ...twilio, reason: "busy", providerCode: "486" }],
    [
      "call_initiation_failure_twilio_no_answer.json",
      { ...twilio, reason: "no-answer", providerCode: "487" },
    ],
    [
      "call_initiation_failure_sip_486.json",
      {
        reason: "busy",
        provider: "sip",
        providerCode: "486",
        fromNumber: "+441632960100",
        toNumber: "+441632960055",
        occurredAt: 1793620833,
      },
    ],
  ])("are derived: %s", (name, columns) => {
    const body = JSON.parse(fixture(name).toString());
    const { metadata, ...derived } = failure(body);
    expect(derived).toEqual(columns);
    expect(JSON.parse(metadata ?? "")).toEqual(body.data.metadata);
  });
});

test("a code of Twilio is the call's status where SIP has none", () => {
  expect(reported({ CallStatus: "failed" }).providerCode).toBe("failed");
});

test("numbers are taken as numbers and as texts", () => {
  const body = { from_number: 441632960100, to_number: "+441632960055", sip_status_code: "503" };
  expect(reported(body, "sip")).toMatchObject({
    fromNumber: "441632960100",
    toNumber: "+441632960055",
    providerCode: "503",
  });
});

test.each([
  ["Mon, 02 Nov 2026 12:00:31 +0000", 1793620831],
  ["", 7],
  ["soon", 7],
  [null, 7],
])("a failure reported at %j occurred at %p", (Timestamp, occurredAt) => {
  expect(reported({ Timestamp }).occurredAt).toBe(occurredAt);
});

test("a failure without metadata has a reason only", () => {
  const body = { type: "call_initiation_failure", data: { conversation_id: "c", failure_reason: "unknown" } };
  expect(failure(body)).toEqual({
    reason: "unknown",
    provider: null,
    providerCode: null,
    fromNumber: null,
    toNumber: null,
    occurredAt: null,
    metadata: null,
  });
});

test("metadata of another type is kept as JSON", () => {
  const body = { type: "call_initiation_failure", data: { conversation_id: "c", metadata: ["x", "\ud800"] } };
  expect(failure(body)).toMatchObject({ provider: null, metadata: String.raw`["x","\ud800"]` });
});
