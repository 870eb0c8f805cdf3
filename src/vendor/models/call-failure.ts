import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { agentId, conversationId } from "./conversation.ts";
import { knownOrNull, model, numberOrText, textOrNull, unknownKind } from "./field.ts";

const city = (whose: string) =>
  textOrNull(`City of ${whose}, as the number tells; empty if it does not.`, "Berlin");
const state = (whose: string) =>
  textOrNull(`State or province of ${whose}; empty if the number does not tell.`, "NY");
const zip = (whose: string) =>
  textOrNull(`Postal code of ${whose}; empty if the number does not tell.`, "10115");
const country = (whose: string) =>
  textOrNull(`Country of ${whose}, two letters; empty if the number does not tell.`, "DE");

const AGENT = "the agent's number";
const PERSON = "the person's number";

const twilio = model(
  "TwilioCallStatus",
  "What Twilio says of the call: its status callback, passed on as it is. Every value is text, numbers too.",
  {
    CallSid: textOrNull("Twilio's id of the call.", "CA00000000000000000000000000000002"),
    AccountSid: textOrNull("Twilio's id of your account.", "AC00000000000000000000000000000001"),
    From: textOrNull(
      "**The agent's number**, which called. Stored as `call_failures.from_number`.",
      "+4930555000100",
    ),
    To: textOrNull(
      "**The person's number**, which was called. Stored as `call_failures.to_number`.",
      "+4915155500017",
    ),
    Caller: textOrNull("The same as `From`.", "+4930555000100"),
    Called: textOrNull("The same as `To`.", "+4915155500017"),
    CallStatus: knownOrNull("How the call ended.", ["busy", "no-answer", "failed", "canceled", "completed"]),
    Direction: textOrNull("Who began it; `outbound-api`: ElevenLabs did, for the agent.", "outbound-api"),
    SipResponseCode: textOrNull(
      "Answer of the phone network, as a SIP code. Stored as `call_failures.provider_code`.",
      "486",
    ),
    Duration: textOrNull("Minutes that Twilio charges for.", "0"),
    CallDuration: textOrNull("Seconds that the call lasted.", "0"),
    Timestamp: textOrNull(
      "When, as RFC 2822 writes it. Stored as `call_failures.occurred_at`.",
      "Mon, 02 Nov 2026 12:00:31 +0000",
    ),
    SequenceNumber: textOrNull("Number of this report among those of the call, from 0.", "2"),
    CallbackSource: textOrNull("What made Twilio report.", "call-progress-events"),
    ApiVersion: textOrNull("Version of Twilio's API.", "2010-04-01"),
    ErrorCode: textOrNull("Twilio's number of the error; absent if there is none.", "32009"),
    ErrorMessage: textOrNull(
      "The error in words; absent if there is none.",
      "The destination is not reachable.",
    ),
    FromCity: city(AGENT),
    FromState: state(AGENT),
    FromZip: zip(AGENT),
    FromCountry: country(AGENT),
    CallerCity: city(AGENT),
    CallerState: state(AGENT),
    CallerZip: zip(AGENT),
    CallerCountry: country(AGENT),
    ToCity: city(PERSON),
    ToState: state(PERSON),
    ToZip: zip(PERSON),
    ToCountry: country(PERSON),
    CalledCity: city(PERSON),
    CalledState: state(PERSON),
    CalledZip: zip(PERSON),
    CalledCountry: country(PERSON),
  },
);

const sip = model("SipCallStatus", "What the SIP trunk says of the call.", {
  from_number: numberOrText(
    "**The agent's number**, which called. Stored as `call_failures.from_number`.",
    "+441632960100",
  ),
  to_number: numberOrText(
    "**The person's number**, which was called. Stored as `call_failures.to_number`.",
    "+441632960055",
  ),
  sip_status_code: numberOrText(
    "Answer of the other side, as a SIP code. Stored as `call_failures.provider_code`.",
    486,
  ),
  sip_status: textOrNull("The same in words; absent if it gave none.", "Busy here"),
  error_reason: textOrNull("What went wrong.", "INVITE was rejected with 486"),
  call_sid: textOrNull("Id of the call in ElevenLabs' SIP service.", "1b7f0a52-0000-4000-8000-00000000d3m0"),
  twirp_code: textOrNull("Error code of ElevenLabs' SIP service; absent if it has none.", "unavailable"),
});

const failureMetadata = model("CallFailureMetadata", "What the phone provider says.", {
  type: knownOrNull("Which provider. Stored as `call_failures.provider`.", ["twilio", "sip"]),
  body: Type.Optional(
    Type.Union([twilio, sip, unknownKind, Type.Null()], {
      description: "Its report: Twilio's or the SIP trunk's, by `type`; other providers' are not published.",
    }),
  ),
});

/** A call that could not be started: `data` of `call_initiation_failure`. */
export const callFailure = model("CallFailure", "An outbound call that could not be started.", {
  agent_id: agentId,
  conversation_id: conversationId,
  failure_reason: knownOrNull("Why, in one word. Stored as `call_failures.reason`.", [
    "busy",
    "no-answer",
    "unknown",
  ]),
  metadata: Type.Optional(
    Type.Union([failureMetadata, Type.Null()], {
      description: "What the phone provider says; null if it says nothing.",
    }),
  ),
});

export type CallFailure = Static<typeof callFailure>;
export type ProviderReport = Static<typeof twilio> | Static<typeof sip>;
