import { kind, known, mapOfTexts, model, text, textOrNull } from "./field.ts";

const TYPE = "Tells the providers apart.";

/** Whose number is whose does not depend on who called whom. */
const parties = {
  direction: known("`inbound`: the person called the agent. `outbound`: the agent called the person.", [
    "inbound",
    "outbound",
  ]),
  phone_number_id: text("Id of the phone number that is set up in ElevenLabs for the agent.", "phnum_demo_1"),
  agent_number: text(
    "**The agent's own number**, in both directions. Stored as `conversations.agent_number`.",
    "+4930555000100",
  ),
  external_number: text(
    "**The person's number**, in both directions: the caller's when inbound, the called one when outbound. Stored as `conversations.external_number`.",
    "+4915155500017",
  ),
};

const streams = {
  stream_sid: text("The provider's id of the audio stream.", "MZ00000000000000000000000000000001"),
  call_sid: text(
    "The provider's id of the call, to look it up there. Those of Twilio begin with `CA`.",
    "CA00000000000000000000000000000001",
  ),
};

export const twilioCall = model("TwilioPhoneCall", "A call through Twilio.", {
  type: kind("twilio", TYPE),
  ...parties,
  ...streams,
});

export const exotelCall = model("ExotelPhoneCall", "A call through Exotel.", {
  type: kind("exotel", TYPE),
  ...parties,
  ...streams,
});

export const sipCall = model("SipPhoneCall", "A call through a SIP trunk.", {
  type: kind("sip_trunking", TYPE),
  ...parties,
  call_id: textOrNull(
    "Call-ID of the SIP dialogue; null where it is not known.",
    "a84b4c76e66710@pbx.example.test",
  ),
  call_sid: text("Id of the call in ElevenLabs' SIP service.", "SCL_demo_0003"),
  sip_header_dynamic_variables: mapOfTexts(
    "The `X-...` headers of the INVITE that were made into dynamic variables.",
    {
      "X-Queue": "front-desk",
    },
  ),
});
