import { randomBytes } from "node:crypto";
import { isObject, textAt, valueAt } from "../../../src/vendor/json-value.ts";
import type { JsonObject } from "../../../src/vendor/json-value.ts";
import type { Operation } from "./contract.ts";
import { conversationAnswer, listedAnswer } from "./conversation.ts";
import type { FakeConversation } from "./conversation.ts";
import type { HttpAnswer, HttpRequest } from "./http.ts";

const PAGE_ROWS_DEFAULT = 30;
/** What a PATCH puts in place of members that it was not given: collected facts, "Workspace webhooks". */
const SETTINGS_DEFAULT: JsonObject = {
  conversation_initiation_client_data_webhook: null,
  webhooks: { post_call_webhook_id: null, events: ["transcript"], transcript_format: "json" },
  can_use_mcp_servers: false,
  rag_retention_period_days: 10,
  default_livekit_stack: "standard",
};
const WEBHOOKS_DEFAULT: JsonObject = {
  post_call_webhook_id: null,
  events: ["transcript"],
  transcript_format: "json",
};

/** A webhook as ElevenLabs has it, with what no answer shows. */
export type FakeWebhook = {
  id: string;
  name: string;
  url: string;
  secret: string;
  isDisabled: boolean;
  isAutoDisabled: boolean;
  isRetryEnabled: boolean;
  createdAt: number;
  requestHeaders: JsonObject | null;
  /** Beside the use by the settings. */
  otherUsages: string[];
  lastFailureStatus: number | null;
  lastFailureAt: number | null;
};

/** What the account holds. Tests may change it at any time. */
export type Workspace = {
  conversations: FakeConversation[];
  webhooks: FakeWebhook[];
  settings: JsonObject;
};

/** The settings of a new account, with some other ones. */
export function workspaceSettings(differs: JsonObject = {}): JsonObject {
  return { ...structuredClone(SETTINGS_DEFAULT), ...differs };
}

/** Answers a request that is allowed, as ElevenLabs does. */
export function answerOf(workspace: Workspace, operation: Operation, request: HttpRequest): HttpAnswer {
  const [id = ""] = operation.values;
  const body: unknown = request.body === "" ? null : JSON.parse(request.body);
  switch (`${operation.method} ${operation.route}`) {
    case "get /v1/convai/conversations":
      return json(page(workspace, request.query));
    case "get /v1/convai/conversations/{conversation_id}": {
      const found = workspace.conversations.find((one) => one.id === id);
      return found === undefined
        ? problem(404, "conversation_not_found", "Conversation not found")
        : json(conversationAnswer(found));
    }
    case "get /v1/convai/conversations/{conversation_id}/audio": {
      const recording = workspace.conversations.find((one) => one.id === id)?.recording ?? null;
      if (recording === null) return problem(404, "audio_not_found", "No audio");
      return { status: 200, headers: { "content-type": "audio/mpeg" }, body: recording };
    }
    case "get /v1/convai/settings":
      return json(workspace.settings);
    case "patch /v1/convai/settings":
      return patchSettings(workspace, body);
    case "get /v1/workspace/webhooks":
      return json({ webhooks: workspace.webhooks.map((one) => shown(workspace, one, request)) });
    case "post /v1/workspace/webhooks":
      return create(workspace, valueAt(body, "settings"));
    case "patch /v1/workspace/webhooks/{webhook_id}":
      return patchWebhook(workspace, id, body);
    case "delete /v1/workspace/webhooks/{webhook_id}":
      return remove(workspace, id);
    default:
      throw new Error(`the fake lacks ${operation.method} ${operation.route}`);
  }
}

export function json(value: unknown): HttpAnswer {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** The newer form of an error. */
export function problem(status: number, code: string, message: string): HttpAnswer {
  const detail = { type: "error", code, message, param: null, request_id: "req_fake", status: code };
  return { ...json({ detail }), status };
}

/** Newest first; a cursor is the last one of the page before, so a new conversation moves nothing. */
function page(workspace: Workspace, query: URLSearchParams): JsonObject {
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : null);
  const after = number("call_start_after_unix") ?? Number.NEGATIVE_INFINITY;
  const before = number("call_start_before_unix") ?? Number.POSITIVE_INFINITY;
  const isAscending = query.get("sort_direction") === "asc";
  const rows = workspace.conversations
    .filter(({ agentId }) => !query.has("agent_id") || query.get("agent_id") === agentId)
    .filter(({ status }) => !query.getAll("exclude_statuses").includes(status))
    .filter(({ startedAt }) => startedAt >= after && startedAt <= before)
    .toSorted((one, other) => other.startedAt - one.startedAt || (other.id < one.id ? -1 : 1));
  if (isAscending) rows.reverse();
  const cursor = query.get("cursor");
  const from = cursor === null ? 0 : rows.findIndex(({ id }) => id === atob(cursor)) + 1;
  const shownRows = rows.slice(from, from + (number("page_size") ?? PAGE_ROWS_DEFAULT));
  const last = shownRows.at(-1);
  const hasMore = from + shownRows.length < rows.length;
  return {
    conversations: shownRows.map(listedAnswer),
    next_cursor: hasMore && last !== undefined ? btoa(last.id) : null,
    has_more: hasMore,
  };
}

function patchSettings(workspace: Workspace, body: unknown): HttpAnswer {
  const change = isObject(body) ? body : {};
  const webhooks = isObject(change.webhooks) ? change.webhooks : {};
  const id = textAt(webhooks, "post_call_webhook_id");
  if (id !== null && !workspace.webhooks.some((one) => one.id === id)) {
    return problem(400, "webhook_not_found", "There is no such webhook");
  }
  workspace.settings = {
    ...structuredClone(SETTINGS_DEFAULT),
    ...change,
    webhooks: { ...WEBHOOKS_DEFAULT, ...webhooks },
  };
  return json(workspace.settings);
}

function isUsed(workspace: Workspace, { id, otherUsages }: FakeWebhook): boolean {
  return otherUsages.length > 0 || textAt(workspace.settings, "webhooks", "post_call_webhook_id") === id;
}

function shown(workspace: Workspace, webhook: FakeWebhook, { query }: HttpRequest): JsonObject {
  const isInSettings = isUsed(workspace, { ...webhook, otherUsages: [] });
  const usages = [...(isInSettings ? ["ConvAI Settings"] : []), ...webhook.otherUsages];
  return {
    name: webhook.name,
    webhook_id: webhook.id,
    webhook_url: webhook.url,
    is_disabled: webhook.isDisabled,
    is_auto_disabled: webhook.isAutoDisabled,
    created_at_unix: webhook.createdAt,
    auth_type: "hmac",
    usage: query.get("include_usages") === "true" ? usages.map((usage_type) => ({ usage_type })) : null,
    events: null,
    most_recent_failure_error_code: webhook.lastFailureStatus,
    most_recent_failure_timestamp: webhook.lastFailureAt,
  };
}

function create(workspace: Workspace, settings: unknown): HttpAnswer {
  const url = textAt(settings, "webhook_url") ?? "";
  // Only HTTPS, there; here also this machine, so that everything can be tried without a certificate.
  if (!/^https:\/\/|^http:\/\/(?:127\.0\.0\.1|localhost)[:/]/.test(url)) {
    return problem(400, "invalid_url", "The URL must be an HTTPS one");
  }
  const requestHeaders = valueAt(settings, "request_headers");
  const webhook = fakeWebhook({
    name: textAt(settings, "name") ?? "",
    url,
    requestHeaders: isObject(requestHeaders) ? requestHeaders : null,
  });
  workspace.webhooks.push(webhook);
  return json({ webhook_id: webhook.id, webhook_secret: webhook.secret });
}

/** A webhook that works and was never called, unless told. */
export function fakeWebhook(differs: Partial<FakeWebhook>): FakeWebhook {
  return {
    id: randomBytes(14).toString("hex"),
    name: "webhook",
    url: "https://hooks.example.com/webhook",
    secret: `wsec_${randomBytes(32).toString("hex")}`,
    isDisabled: false,
    isAutoDisabled: false,
    isRetryEnabled: false,
    createdAt: Math.floor(Date.now() / 1000),
    requestHeaders: null,
    otherUsages: [],
    lastFailureStatus: null,
    lastFailureAt: null,
    ...differs,
  };
}

function patchWebhook(workspace: Workspace, id: string, body: unknown): HttpAnswer {
  const webhook = workspace.webhooks.find((one) => one.id === id);
  if (webhook === undefined) return problem(404, "webhook_not_found", "There is no such webhook");
  const isDisabled = valueAt(body, "is_disabled") === true;
  const retryEnabled = valueAt(body, "retry_enabled");
  Object.assign(webhook, {
    isDisabled,
    isAutoDisabled: isDisabled && webhook.isAutoDisabled,
    name: textAt(body, "name") ?? webhook.name,
    isRetryEnabled: typeof retryEnabled === "boolean" ? retryEnabled : webhook.isRetryEnabled,
  });
  return json({ status: "ok" });
}

function remove(workspace: Workspace, id: string): HttpAnswer {
  const webhook = workspace.webhooks.find((one) => one.id === id);
  if (webhook === undefined) return problem(404, "webhook_not_found", "There is no such webhook");
  if (isUsed(workspace, webhook)) return problem(400, "webhook_in_use", "The webhook is in use");
  workspace.webhooks = workspace.webhooks.filter((one) => one !== webhook);
  return json({ status: "ok" });
}
