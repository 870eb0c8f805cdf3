import { isObject } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";
import type { VendorConversation } from "./models/conversation.ts";
import type { Metadata } from "./models/metadata.ts";
import { reading } from "./reading.ts";

const ofConversation = reading<VendorConversation>();
const ofMetadata = reading<Metadata>();

/** How a conversation was held: the telephony provider, or the kind of program that opened it. */
type ConversationChannel =
  | "twilio"
  | "sip"
  | "exotel"
  | "genesys"
  | "avaya"
  | "audiocodes"
  | "phone"
  | "whatsapp"
  | "sms"
  | "telegram"
  | "slack"
  | "helpdesk"
  | "web"
  | "app"
  | "api"
  | "agent";

/** The vendor's `conversation_initiation_source`, an open list, in our closed one. */
const channelOfSource = new Map<string, ConversationChannel>([
  ["twilio", "twilio"],
  ["sip_trunk", "sip"],
  ["exotel", "exotel"],
  ["genesys", "genesys"],
  ["genesys_bot_connector", "genesys"],
  ["avaya", "avaya"],
  ["audiocodes", "audiocodes"],
  ["whatsapp", "whatsapp"],
  ["twilio_sms", "sms"],
  ["telegram_integration", "telegram"],
  ["slack_integration", "slack"],
  ["zendesk_integration", "helpdesk"],
  ["intercom_integration", "helpdesk"],
  ["freshdesk_integration", "helpdesk"],
  ["salesforce_integration", "helpdesk"],
  ["widget", "web"],
  ["js_sdk", "web"],
  ["react_sdk", "web"],
  ["template_preview", "web"],
  ["android_sdk", "app"],
  ["swift_sdk", "app"],
  ["flutter_sdk", "app"],
  ["react_native_sdk", "app"],
  ["python_sdk", "api"],
  ["node_js_sdk", "api"],
  ["subagent_tool", "agent"],
]);

const channelOfPhoneCall = new Map<string, ConversationChannel>([
  ["twilio", "twilio"],
  ["sip_trunking", "sip"],
  ["exotel", "exotel"],
]);

/** null if nothing tells. */
export function channelOf(metadata: unknown, data: JsonObject): ConversationChannel | null {
  if (isObject(ofMetadata.value(metadata, "phone_call"))) {
    return (
      channelOfPhoneCall.get(ofMetadata.text(metadata, "phone_call", "type") ?? "") ??
      sourceOf(metadata, data) ??
      "phone"
    );
  }
  if (isObject(ofMetadata.value(metadata, "whatsapp"))) return "whatsapp";
  if (isObject(ofMetadata.value(metadata, "sms"))) return "sms";
  return sourceOf(metadata, data);
}

function sourceOf(metadata: unknown, data: JsonObject): ConversationChannel | null {
  const source =
    ofMetadata.text(metadata, "conversation_initiation_source") ??
    ofConversation.text(data, "conversation_initiation_client_data", "source_info", "source");
  return channelOfSource.get(source ?? "") ?? null;
}
