import { AGENT_ID, CALLER, envelope, OWN_NUMBER } from "./sample.ts";

/** `call_initiation_failure` of a Twilio call that found the line busy. */
export const busyEvent = envelope(({ nowSeconds, conversationId }) => ({
  agent_id: AGENT_ID,
  conversation_id: conversationId,
  failure_reason: "busy",
  metadata: {
    type: "twilio",
    body: {
      Called: CALLER,
      CallerCountry: "US",
      Direction: "outbound-api",
      Timestamp: new Date(nowSeconds * 1000).toUTCString(),
      CallbackSource: "call-progress-events",
      SipResponseCode: "486",
      SequenceNumber: "2",
      CallSid: "CA00000000000000000000000000000002",
      To: CALLER,
      ToCountry: "US",
      ApiVersion: "2010-04-01",
      CallStatus: "busy",
      Duration: "0",
      From: OWN_NUMBER,
      CallDuration: "0",
      AccountSid: "AC00000000000000000000000000000001",
    },
  },
}));

/** `call_initiation_failure` of a SIP trunk. */
export const sipEvent = envelope(({ conversationId }) => ({
  agent_id: AGENT_ID,
  conversation_id: conversationId,
  failure_reason: "unknown",
  metadata: {
    type: "sip",
    body: {
      from_number: OWN_NUMBER,
      to_number: CALLER,
      sip_status_code: 503,
      error_reason: "INVITE was rejected with 503",
      call_sid: "SCL_0000000000000001",
      sip_status: "Service Unavailable",
    },
  },
}));
