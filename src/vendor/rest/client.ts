import createClient from "openapi-fetch";
import { version } from "../../platform/version.ts";
import { conversation, conversationsPage, createdWebhook, settings, webhooks } from "./answers.ts";
import type { components, paths } from "./api.generated.d.ts";
import { badAnswer } from "./judge.ts";
import { restPace } from "./pace.ts";
import { PAGE_ROWS_MAX } from "./port.ts";
import type { CallOptions, RestAccess, RestClient } from "./port.ts";
import { createSend } from "./send.ts";
import type { Outgoing } from "./send.ts";

const MIB = 1024 ** 2;
// A page has at most PAGE_ROWS_MAX conversations without their turns; a long conversation's turns take some MB.
const ANSWER_BYTES_MAX = 4 * MIB;
const CONVERSATION_BYTES_MAX = 32 * MIB;
/** What can stand in a path: `..` would be another path. */
const ID = /^[\w-]{1,256}$/;

/** Streamed, which `openapi-fetch` does not take part in. */
const RECORDING = "/v1/convai/conversations/{conversation_id}/audio" satisfies keyof paths;

const READ = "convai_read";
const WRITE = "convai_write";
const WEBHOOKS = "webhooks_write";

/** A client of ElevenLabs' REST API. One a process: it bounds what runs at once. */
export function createRestClient({ key, url, pace }: RestAccess): RestClient {
  const send = createSend({ ...restPace, ...pace });
  const headers = {
    "xi-api-key": key,
    "accept-encoding": "identity",
    "user-agent": `elevenlabs-webhook/${version.program}`,
  };
  const api = createClient<paths>({ baseUrl: url, headers });

  /** What every call for a text is made with. */
  const asks = (scope: string, { signal }: CallOptions = {}, bytesMax = ANSWER_BYTES_MAX) => ({
    parseAs: "stream" as const,
    fetch: async (request: Request) =>
      await send.answer(await outgoing(request), { scope, signal, bytesMax }),
  });

  return {
    listConversations: async ({ agentId, startedAfter, startedBefore, cursor, pageRows }, call) => {
      const query = {
        page_size: pageRows ?? PAGE_ROWS_MAX,
        ...(agentId === undefined ? {} : { agent_id: agentId }),
        ...(startedAfter === undefined ? {} : { call_start_after_unix: startedAfter }),
        ...(startedBefore === undefined ? {} : { call_start_before_unix: startedBefore }),
        ...(cursor === undefined ? {} : { cursor }),
      };
      const { response } = await api.GET("/v1/convai/conversations", {
        params: { query },
        ...asks(READ, call),
      });
      return conversationsPage(await response.text());
    },
    getConversation: async (conversationId, call) => {
      const { response } = await api.GET("/v1/convai/conversations/{conversation_id}", {
        params: { path: { conversation_id: checkedId(conversationId) } },
        ...asks(READ, call, CONVERSATION_BYTES_MAX),
      });
      return conversation(await response.text());
    },
    fetchRecording: async (conversationId, take, call = {}) => {
      const address = url + RECORDING.replace("{conversation_id}", checkedId(conversationId));
      const request = { url: address, method: "GET", headers: new Headers(headers), body: null };
      return await send.stream(request, { scope: READ, signal: call.signal }, take);
    },
    getSettings: async (call) => {
      const { response } = await api.GET("/v1/convai/settings", asks(READ, call));
      return settings(await response.text());
    },
    patchSettings: async (change, call) => {
      // As it was read: it may have members that the document lacks.
      const body = change as components["schemas"]["PatchConvAISettingsRequest"];
      const { response } = await api.PATCH("/v1/convai/settings", { body, ...asks(WRITE, call) });
      return settings(await response.text());
    },
    listWebhooks: async (usages, call) => {
      const { response } = await api.GET("/v1/workspace/webhooks", {
        params: { query: usages === "with usages" ? { include_usages: true } : {} },
        ...asks(WEBHOOKS, call),
      });
      return webhooks(await response.text());
    },
    createWebhook: async ({ name, url: webhookUrl }, call) => {
      const { response } = await api.POST("/v1/workspace/webhooks", {
        body: { settings: { auth_type: "hmac", name, webhook_url: webhookUrl } },
        ...asks(WEBHOOKS, call),
      });
      return createdWebhook(await response.text());
    },
    patchWebhook: async (webhookId, { isDisabled, name, isRetryEnabled }, call) => {
      await api.PATCH("/v1/workspace/webhooks/{webhook_id}", {
        params: { path: { webhook_id: checkedId(webhookId) } },
        body: {
          is_disabled: isDisabled,
          name,
          ...(isRetryEnabled === undefined ? {} : { retry_enabled: isRetryEnabled }),
        },
        ...asks(WEBHOOKS, call),
      });
    },
    deleteWebhook: async (webhookId, call) => {
      await api.DELETE("/v1/workspace/webhooks/{webhook_id}", {
        params: { path: { webhook_id: checkedId(webhookId) } },
        ...asks(WEBHOOKS, call),
      });
    },
  };
}

function checkedId(id: string): string {
  if (ID.test(id)) return id;
  throw badAnswer("an id with characters that no id has");
}

async function outgoing(request: Request): Promise<Outgoing> {
  const { url, method, headers } = request;
  return { url, method, headers, body: request.body === null ? null : await request.text() };
}
