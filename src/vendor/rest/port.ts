import type { JsonObject } from "../json-value.ts";
import type { RestPace } from "./pace.ts";

/** The largest page that ElevenLabs gives. */
export const PAGE_ROWS_MAX = 100;

/** How a call may be stopped. A stopped call throws a RestError of kind `cancelled`. */
export type CallOptions = { signal?: AbortSignal | undefined };

/** What a client needs to know: `loadRestClient` in load.ts makes one of it. */
export type RestAccess = {
  /** ELEVENLABS_API_KEY */
  key: string;
  /** ELEVENLABS_API_URL, such as `https://api.elevenlabs.io` */
  url: string;
  /** Other times than the usual ones, for tests. */
  pace?: Partial<RestPace>;
};

/**
 * What we use of ElevenLabs' REST API. Every method repeats what may be repeated, has a time limit, and throws nothing but
 * RestError. At most two requests and one recording run at once, the others wait.
 */
export type RestClient = {
  /** Newest first. Needs `convai_read`, as does all of conversations and reading the settings. */
  listConversations: (query: RestConversationsQuery, call?: CallOptions) => Promise<RestConversationsPage>;
  getConversation: (conversationId: string, call?: CallOptions) => Promise<RestConversation>;
  /**
   * Fetches a recording, and gives it to `take` piece by piece. If the connection is cut meanwhile, the pieces throw a
   * RestError; once `take` has rejected with it, the recording is fetched from its first byte again and `take` called
   * again. What else `take` rejects with is passed on.
   */
  fetchRecording: <T>(
    conversationId: string,
    take: (recording: RestRecording) => Promise<T>,
    call?: CallOptions,
  ) => Promise<T>;
  getSettings: (call?: CallOptions) => Promise<RestSettings>;
  /** Replaces the workspace's settings: members that are missing may be reset. Needs `convai_write`. */
  patchSettings: (settings: JsonObject, call?: CallOptions) => Promise<RestSettings>;
  /** Needs `webhooks_write`, as do the other three. With usages it is for administrators only: `forbidden` otherwise. */
  listWebhooks: (usages: "with usages" | "without usages", call?: CallOptions) => Promise<RestWebhook[]>;
  /** Repeated after 429 only. After any other failure than a refusal the webhook may exist: list them. */
  createWebhook: (webhook: NewWebhook, call?: CallOptions) => Promise<CreatedWebhook>;
  patchWebhook: (webhookId: string, change: WebhookChange, call?: CallOptions) => Promise<void>;
  deleteWebhook: (webhookId: string, call?: CallOptions) => Promise<void>;
};

export type RestConversationsQuery = {
  /** All agents if left out. */
  agentId?: string;
  /** Unix seconds. The filters are by start: a call is not listed by when it ended. */
  startedAfter?: number;
  startedBefore?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** 1 to PAGE_ROWS_MAX, which is the default. */
  pageRows?: number;
};

export type RestConversationsPage = {
  conversations: RestListedConversation[];
  /** null: this was the last page. The client does not judge whether it repeats. */
  nextCursor: string | null;
};

export type RestListedConversation = {
  conversationId: string;
  agentId: string;
  agentName: string | null;
  status: RestStatus;
  /** Unix seconds. */
  startedAt: number;
  durationSeconds: number;
};

/**
 * `initiated`, `in-progress`, `processing`, `done`, `failed`, or one that this version does not know. At most 32 letters,
 * digits, `_` and `-`, so it may be logged; another is `unreadable`.
 */
export type RestStatus = string;

/** One conversation whole, with the members that we judge by. */
export type RestConversation = {
  /** As the answer says, which may differ from what was asked for: the caller compares. */
  conversationId: string;
  agentId: string;
  status: RestStatus;
  hasAudio: boolean;
  /** Unix seconds. */
  startedAt: number;
  durationSeconds: number;
  /** The JSON text as it came: what a webhook has as `data`. */
  text: string;
  /** The same, parsed. */
  value: JsonObject;
};

/** An answer whose end can be told from a cut: by its length, or by its chunks. */
export type RestRecording = {
  /** null if the answer is chunked. */
  bytes: number | null;
  /** To be read once, to its end. Ends without error only if the recording is complete. */
  pieces: AsyncIterable<Uint8Array>;
};

/** The settings of a workspace for its agents, with the members that we judge by. */
export type RestSettings = {
  /** Whole, as it came. Holds tokens in request headers: never to be shown or stored. */
  value: JsonObject;
  postCallWebhookId: string | null;
  /** `transcript`, `audio`, `call_initiation_failure` and others. */
  events: string[];
  /** `json` or `opentelemetry`; null if not set. */
  transcriptFormat: string | null;
  /** Turns are left out of transcripts. */
  excludeTranscript: boolean;
};

export type RestWebhook = {
  webhookId: string;
  name: string;
  url: string;
  /** By hand. */
  isDisabled: boolean;
  /** By ElevenLabs, after too many failures. */
  isAutoDisabled: boolean;
  /** Unix seconds. */
  createdAt: number;
  /** `hmac`, `oauth2`, `mtls` */
  authType: string;
  /** What uses it, such as `ConvAI Settings`; null if the answer does not say. */
  usages: string[] | null;
  /** The status of the last failed delivery. */
  lastFailureStatus: number | null;
  /** Unix seconds. */
  lastFailureAt: number | null;
};

export type NewWebhook = { name: string; url: string };

export type CreatedWebhook = {
  webhookId: string;
  /** Given only here, once. null: ElevenLabs gave none, so nothing can be verified with this webhook. */
  secret: string | null;
};

/** `events` and `request_headers` are left out, which leaves them as they are at ElevenLabs. */
export type WebhookChange = {
  isDisabled: boolean;
  name: string;
  /** Left out: unchanged. */
  isRetryEnabled?: boolean;
};
