import { describe, expect, test } from "bun:test";
import { noFacts } from "../../../src/model/conversation.ts";
import { factsOfTranscription } from "../../../src/vendor/transcription.ts";

const AGENT = "+4930555000100";
const OTHER = "+4915155500017";
const outside = (caller: string, called: string) => ({
  conversation_initiation_client_data: {
    dynamic_variables: { system__caller_id: caller, system__called_number: called },
  },
});
const turn = (more: Record<string, unknown> = {}) => ({ role: "user", message: "Hello", ...more });

describe("direction and numbers", () => {
  const phoneCall = (type: string, direction: string) => ({
    metadata: { phone_call: { type, direction, agent_number: AGENT, external_number: OTHER } },
  });

  test.each([
    ["twilio", "inbound", "twilio"],
    ["twilio", "outbound", "twilio"],
    ["sip_trunking", "inbound", "sip"],
    ["sip_trunking", "outbound", "sip"],
    ["exotel", "inbound", "exotel"],
    ["exotel", "outbound", "exotel"],
    ["carrier_of_tomorrow", "inbound", "phone"],
  ])("of a call by %s, %s, are those of the call", (type, direction, channel) => {
    const facts = factsOfTranscription(phoneCall(type, direction));
    expect(facts).toMatchObject({ direction, channel, externalNumber: OTHER, agentNumber: AGENT });
  });

  test("of the call win over the system's variables and the user's id", () => {
    const data = { ...phoneCall("twilio", "inbound"), ...outside("+4411", "+4422"), user_id: "+4433555000" };
    expect(factsOfTranscription(data)).toMatchObject({ externalNumber: OTHER, agentNumber: AGENT });
  });

  test.each([
    ["inbound", OTHER, AGENT],
    ["outbound", AGENT, OTHER],
  ])("are the system's variables where an %s call names none", (direction, caller, called) => {
    const data = { metadata: { phone_call: { direction } }, ...outside(caller, called) };
    expect(factsOfTranscription(data)).toMatchObject({
      direction,
      externalNumber: OTHER,
      agentNumber: AGENT,
    });
  });

  test("of WhatsApp are the user's", () => {
    const metadata = { whatsapp: { direction: "inbound", whatsapp_user_id: "4915155500042" } };
    expect(factsOfTranscription({ metadata })).toMatchObject({
      direction: "inbound",
      channel: "whatsapp",
      externalNumber: "4915155500042",
      agentNumber: null,
    });
  });

  test("of WhatsApp are of no direction where the vendor says unknown", () => {
    expect(factsOfTranscription({ metadata: { whatsapp: { direction: "unknown" } } })).toMatchObject({
      direction: null,
      channel: "whatsapp",
    });
  });

  test("of SMS are the user's and the agent's", () => {
    const sms = { direction: "outbound", sms_user_phone_number: OTHER, agent_phone_number: AGENT };
    expect(factsOfTranscription({ metadata: { phone_call: null, whatsapp: null, sms } })).toMatchObject({
      direction: "outbound",
      channel: "sms",
      externalNumber: OTHER,
      agentNumber: AGENT,
    });
  });

  test.each([
    ["+4915155500017", "+4915155500017"],
    ["4915155500017", null],
    ["+0915155500017", null],
    ["+49", null],
    ["customer +4915155500017", null],
    ["+49151555000171234", null],
  ])(
    "of a chat come from the user's id only where it is a telephone number: %s",
    (userId, externalNumber) => {
      expect(factsOfTranscription({ user_id: userId })).toMatchObject({ userId, externalNumber });
    },
  );

  test.each([["Inbound"], [""], [1], [null]])("hold no direction as %j", (direction) => {
    expect(factsOfTranscription({ metadata: { phone_call: { direction } } }).direction).toBeNull();
  });
});

describe("turns", () => {
  test.each([
    ["excluded", undefined],
    ["null", null],
    ["empty", []],
    ["a text", "Hello"],
    ["an object", { role: "user" }],
    ["of texts", ["Hello", "Bye"]],
    ["of lists", [[turn()]]],
  ])("are not there, and erase none, where the transcript is %s", (_, transcript) => {
    expect(factsOfTranscription({ transcript })).toMatchObject({ turnCount: null, holdsTurns: false });
  });

  test("are counted without what is none", () => {
    const transcript = [turn(), null, "Hello", turn({ role: "agent", message: null }), 5];
    expect(factsOfTranscription({ transcript })).toMatchObject({ turnCount: 2, holdsTurns: true });
  });

  test("of several agents count for one conversation", () => {
    const transcript = ["a", "b"].map((agent_id) => turn({ role: "agent", agent_metadata: { agent_id } }));
    expect(factsOfTranscription({ agent_id: "a", transcript })).toMatchObject({ agentId: "a", turnCount: 2 });
  });

  test("of a redacted conversation count like any other", () => {
    const transcript = [turn({ message: "My name is [NAME]" }), turn({ message: null })];
    expect(factsOfTranscription({ transcript, analysis: null })).toMatchObject({
      turnCount: 2,
      summary: null,
    });
  });
});

const detected = (tool_results: unknown) =>
  factsOfTranscription({ transcript: [turn(), turn({ tool_results })] }).voicemail;

describe("voicemail", () => {
  test.each([
    ["its result", { result: { result_type: "voicemail_detection_success" } }],
    [
      "its result, under another tool's name",
      { tool_name: "vm", result: { result_type: "voicemail_detection_success" } },
    ],
    ["a result without details", { tool_name: "voicemail_detection", is_error: false }],
  ])("is known by %s", (_, result) => {
    expect(detected([result])).toBe(1);
  });

  test.each([
    ["no tool was called", undefined],
    ["the tools are null", null],
    ["another tool was called", [{ tool_name: "end_call", is_error: false }]],
    ["the tool failed", [{ tool_name: "voicemail_detection", is_error: true }]],
    ["the tool's end is not known", [{ tool_name: "voicemail_detection" }]],
    ["the results are of another type", [null, "voicemail_detection_success", [{}]]],
  ])("is undecided where %s", (_, results) => {
    expect(detected(results)).toBeNull();
  });
});

describe("language", () => {
  const started = {
    conversation_initiation_client_data: { conversation_config_override: { agent: { language: "de" } } },
  };

  test("is the one spoken", () => {
    expect(factsOfTranscription({ metadata: { main_language: "fr" }, ...started }).language).toBe("fr");
  });

  test("is else the one that the conversation was started with", () => {
    expect(factsOfTranscription({ metadata: { main_language: null }, ...started }).language).toBe("de");
  });
});

test("a start in milliseconds is one in seconds", () => {
  const metadata = { start_time_unix_secs: 1793620800123, call_duration_secs: "12.4" };
  expect(factsOfTranscription({ metadata })).toMatchObject({ startedAt: 1793620800, durationSecs: 12 });
});

test("a conversation that says nothing gives no column", () => {
  expect(factsOfTranscription({ conversation_id: "c" })).toEqual(noFacts);
});

test("members of another type give no column", () => {
  const data = {
    agent_id: 5,
    agent_name: ["x"],
    status: {},
    user_id: true,
    metadata: "text",
    analysis: [],
    transcript: 7,
    conversation_initiation_client_data: "x",
  };
  expect(factsOfTranscription(data)).toEqual(noFacts);
});
