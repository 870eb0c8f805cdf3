import {
  flagOrNull,
  kind,
  known,
  knownOrNull,
  mapOfTexts,
  model,
  text,
  textOrNull,
  whole,
  wholeOrNull,
} from "./field.ts";

/** The vendor's list of what opens a conversation. */
const sources = [
  "twilio",
  "sip_trunk",
  "exotel",
  "genesys",
  "genesys_bot_connector",
  "avaya",
  "audiocodes",
  "whatsapp",
  "twilio_sms",
  "widget",
  "js_sdk",
  "react_sdk",
  "react_native_sdk",
  "node_js_sdk",
  "python_sdk",
  "android_sdk",
  "swift_sdk",
  "flutter_sdk",
  "zendesk_integration",
  "intercom_integration",
  "freshdesk_integration",
  "salesforce_integration",
  "slack_integration",
  "telegram_integration",
  "template_preview",
  "subagent_tool",
  "unknown",
];

export const source = (description: string) => known(description, sources);
export const sourceOrNull = (description: string) => knownOrNull(description, sources);

export const whatsapp = model(
  "WhatsAppConversation",
  "A conversation over WhatsApp. Files and pictures that the person sent are with their turns, in `file_inputs`.",
  {
    direction: known("`inbound`: the person wrote first. `outbound`: the agent did.", [
      "inbound",
      "outbound",
      "unknown",
    ]),
    whatsapp_phone_number_id: textOrNull(
      "Id of the agent's WhatsApp business number; null if not known.",
      "100200300400500",
    ),
    whatsapp_user_id: text(
      "**The person**: usually their phone number without the plus sign. Stored as `conversations.external_number`.",
      "4915155500042",
    ),
    awaiting_first_user_message: flagOrNull(
      "Outbound: whether the person has not answered yet. Null when inbound.",
    ),
  },
);

export const sms = model("SmsConversation", "A conversation over SMS.", {
  direction: known("`inbound`: the person wrote first. `outbound`: the agent did.", ["inbound", "outbound"]),
  phone_number_id: textOrNull(
    "Id of the agent's phone number in ElevenLabs; null if not known.",
    "phnum_demo_1",
  ),
  sms_user_phone_number: text(
    "**The person's number.** Stored as `conversations.external_number`.",
    "+4915155500042",
  ),
  agent_phone_number: textOrNull(
    "**The agent's number**; null if not known. Stored as `conversations.agent_number`.",
    "+4930555000100",
  ),
});

export const asyncDelivery = model(
  "AsyncDelivery",
  "A conversation in a help desk or a chat system: how the agent's last answer was delivered there.",
  {
    delivery_status: known("Whether the answer has arrived.", ["pending", "success", "failed"]),
    delivery_timestamp: whole("When it was last delivered, in Unix seconds.", 1793620830),
    delivery_error: textOrNull("Why it was not delivered; null if it was.", "ticket is closed"),
    external_system: text("The system's name.", "zendesk"),
    external_id: text("Id of the ticket or thread there.", "12345"),
    external_link: textOrNull(
      "Address of the ticket or thread; null if it has none.",
      "https://support.example.test/tickets/12345",
    ),
    retry_count: whole("How often the delivery was repeated.", 2),
    last_retry_timestamp: wholeOrNull(
      "When it was last repeated, in Unix seconds; null if it never was.",
      1793620860,
    ),
    last_processed_external_message_id: textOrNull(
      "Id of the last message from there that the agent has read; null before the first.",
      "msg_9",
    ),
  },
);

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
    "Call-ID of the SIP dialogue; null if it is not known.",
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
