import type { RestSettings, RestWebhook } from "../vendor/rest/port.ts";
import type { ConnectionRecord } from "./connection.ts";

/** How the receiver gets to know a new secret. */
export type ReloadWay = "service" | "control socket" | "by hand";

/** What a plan is made from. */
export type Known = {
  settings: RestSettings;
  webhooks: readonly RestWebhook[];
  connection: ConnectionRecord;
  /** Those in the secret's file, without a placeholder. */
  secrets: readonly string[];
  secretFile: string;
  reload: ReloadWay;
  /** Unix seconds. */
  nowSeconds: number;
};

/** One line for people; `isProblem`: something is left for them to do. */
export type Line = { subject: string; verb: Verb; text: string; isProblem?: true };

export type Verb =
  | "ok"
  | "create"
  | "write"
  | "reload"
  | "on"
  | "change"
  | "delete"
  | "enable"
  | "keep"
  | "wait"
  | "note"
  | "error";

/** What is done; a new webhook is the one that the steps after it are about. */
export type Action =
  /** `isHeld`: its secret is stored, and has to go first before it is forgotten whose that is. */
  | { kind: "delete"; webhookId: string; isHeld: boolean }
  /** Proves the secret's file writable, stores a nonce, creates the webhook, stores its id. */
  | { kind: "create"; url: string }
  /** Adds the secret of the new webhook to the file. */
  | { kind: "store secret" }
  | { kind: "reload" }
  /** The line before it is the operator's to obey: the next run goes on. */
  | { kind: "hand over" }
  /** `name`: the webhook's, which a change has to repeat; null: the one that it is created with. */
  | { kind: "retries"; name: string | null }
  | { kind: "enable"; webhook: RestWebhook; isOwn: boolean }
  /** `before`: what the settings are expected to name still. `replaced`: the same, if it is somebody else's. */
  | { kind: "settings"; before: string | null; replaced: string | null }
  /** Removes all other secrets from the file. */
  | { kind: "keep secrets"; secrets: readonly string[] }
  /** `replaced`: those of somebody else whose secret stays. */
  | { kind: "forget"; webhookIds: readonly string[]; replaced: readonly string[] };

/** A line, and what is done for it; null: nothing. */
export type Step = { line: Line; action: Action | null };

export type ConnectPlan =
  /** `webhookId`: the one that the steps are about; null: it is to be created. */
  { kind: "plan"; steps: Step[]; webhookId: string | null } | { kind: "refused"; problem: string };

/** A line that nothing is done for. */
export function note(line: Line): Step {
  return { line, action: null };
}

/** Whether something uses a webhook; null if ElevenLabs does not tell. */
export function isUsed({ webhookId, usages }: RestWebhook, { settings }: Known): boolean | null {
  if (settings.postCallWebhookId === webhookId) return true;
  return usages === null ? null : usages.length > 0;
}

/** The requests that an action sends, as they are shown in a dry run. */
export function requestsOf(action: Action | null): string[] {
  switch (action?.kind) {
    case "delete":
      return [`DELETE /v1/workspace/webhooks/${action.webhookId}`];
    case "create":
      return ["POST /v1/workspace/webhooks"];
    case "retries":
      return ["PATCH /v1/workspace/webhooks/ID (retry_enabled)"];
    case "enable":
      return [`PATCH /v1/workspace/webhooks/${action.webhook.webhookId} (is_disabled)`];
    case "settings":
      return ["GET /v1/convai/settings", "PATCH /v1/convai/settings", "GET /v1/convai/settings"];
    default:
      return [];
  }
}
