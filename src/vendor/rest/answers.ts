import { badAnswer } from "./judge.ts";
import { flag, list, objectIn, optional, status, text, whole } from "./members.ts";
import type {
  CreatedWebhook,
  RestConversation,
  RestConversationsPage,
  RestListedConversation,
  RestSettings,
  RestWebhook,
} from "./port.ts";
import { isObject, textAt } from "../json-value.ts";

// From the answers' texts, with every member checked that anything is decided by.

export function conversationsPage(answer: string): RestConversationsPage {
  const page = objectIn(answer);
  const conversations = list(page, "conversations").map(listedConversation);
  const nextCursor = flag(page, "has_more") ? cursor(page) : null;
  return { conversations, nextCursor };
}

/** Longer than an id, and of no form that is known. */
function cursor(page: unknown): string {
  const found = textAt(page, "next_cursor");
  if (found === null) throw badAnswer("next_cursor is missing, though has_more is true");
  return found;
}

function listedConversation(item: unknown): RestListedConversation {
  return {
    conversationId: text(item, "conversation_id"),
    agentId: text(item, "agent_id"),
    agentName: textAt(item, "agent_name"),
    status: status(item),
    startedAt: whole(item, "start_time_unix_secs"),
    durationSeconds: whole(item, "call_duration_secs"),
  };
}

export function conversation(answer: string): RestConversation {
  const value = objectIn(answer);
  return {
    conversationId: text(value, "conversation_id"),
    agentId: text(value, "agent_id"),
    status: status(value),
    hasAudio: flag(value, "has_audio"),
    startedAt: whole(value, "metadata", "start_time_unix_secs"),
    durationSeconds: whole(value, "metadata", "call_duration_secs"),
    text: answer,
    value,
  };
}

export function settings(answer: string): RestSettings {
  const value = objectIn(answer);
  const postCall = value.webhooks ?? {};
  if (!isObject(postCall)) throw badAnswer("webhooks is no object");
  return {
    value,
    postCallWebhookId: optional(text, postCall, "post_call_webhook_id"),
    events: (optional(list, postCall, "events") ?? []).map(String),
    transcriptFormat: optional(text, postCall, "transcript_format"),
    excludeTranscript: optional(flag, postCall, "exclude_transcript") ?? false,
  };
}

export function webhooks(answer: string): RestWebhook[] {
  return list(objectIn(answer), "webhooks").map((item) => ({
    webhookId: text(item, "webhook_id"),
    name: textAt(item, "name") ?? "",
    url: textAt(item, "webhook_url") ?? "",
    isDisabled: flag(item, "is_disabled"),
    isAutoDisabled: flag(item, "is_auto_disabled"),
    createdAt: whole(item, "created_at_unix"),
    authType: text(item, "auth_type"),
    usages: optional(list, item, "usage")?.map((usage) => text(usage, "usage_type")) ?? null,
    lastFailureStatus: optional(whole, item, "most_recent_failure_error_code"),
    lastFailureAt: optional(whole, item, "most_recent_failure_timestamp"),
  }));
}

export function createdWebhook(answer: string): CreatedWebhook {
  const value = objectIn(answer);
  return { webhookId: text(value, "webhook_id"), secret: optional(text, value, "webhook_secret") };
}
