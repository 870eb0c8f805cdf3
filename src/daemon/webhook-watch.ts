import { parseConnection } from "../connect/connection.ts";
import type { ConnectionRecord } from "../connect/connection.ts";
import { readSmall } from "../connect/files.ts";
import type { Log } from "../platform/log.ts";
import type { ConnectionStatus } from "../problems/statuses.ts";
import { RestError } from "../vendor/rest/fault.ts";
import type { RestClient, RestWebhook } from "../vendor/rest/port.ts";

export type WebhookWatch = {
  /** Asks ElevenLabs once. Never throws. */
  look: (signal: AbortSignal) => Promise<void>;
  /** What is known since. */
  status: () => ConnectionStatus;
};

const UNKNOWN: ConnectionStatus = { webhook: "unknown", lastFailure: null };

/**
 * Watches whether ElevenLabs has disabled the webhook. It changes nothing: a webhook that is switched on again by itself
 * hides the cause.
 */
export function createWebhookWatch(options: {
  client: Pick<RestClient, "listWebhooks">;
  /** What `connect` remembers; null if there is nothing. */
  readConnection: () => Promise<ConnectionRecord | null>;
  /** The address at which others reach the receiver; null if it is not known. */
  publicUrl: string | null;
  log: Log;
}): WebhookWatch {
  const { client, readConnection, publicUrl, log } = options;
  let status = UNKNOWN;
  let mayRead = true;

  return {
    status: () => status,

    async look(signal) {
      if (!mayRead) return;
      try {
        const webhooks = await client.listWebhooks("without usages", { signal });
        status = statusOf(webhooks, await readConnection(), publicUrl);
      } catch (error) {
        const kind = error instanceof RestError ? error.fault.kind : "unknown";
        // The key of the service is meant to read conversations only: that is no fault.
        if (kind === "forbidden") {
          mayRead = false;
          log.info(
            "The API key may not read webhooks: whether ElevenLabs has disabled it is judged by recovery",
          );
        } else if (kind !== "cancelled") {
          log.debug("The state of the webhook could not be read", { reason: kind });
        }
      }
    },
  };
}

/** What the workspace's webhooks say of ours. */
export function statusOf(
  webhooks: readonly RestWebhook[],
  connection: ConnectionRecord | null,
  publicUrl: string | null,
): ConnectionStatus {
  const ids = (connection?.webhooks ?? []).map((own) => own.webhook_id);
  const isOurs = ({ webhookId, url }: RestWebhook) =>
    ids.length > 0 ? ids.includes(webhookId) : publicUrl !== null && url === `${publicUrl}/webhook`;
  const ours = webhooks.filter(isOurs);
  if (ours.length === 0) return ids.length > 0 ? { webhook: "not_connected", lastFailure: null } : UNKNOWN;

  // During a rotation there are two, and the old one may be disabled.
  const isEnabled = ours.some(({ isDisabled, isAutoDisabled }) => !isDisabled && !isAutoDisabled);
  const last = ours
    .filter(({ lastFailureAt, lastFailureStatus }) => lastFailureAt !== null || lastFailureStatus !== null)
    .toSorted((a, b) => (b.lastFailureAt ?? 0) - (a.lastFailureAt ?? 0))[0];
  return {
    webhook: isEnabled ? "enabled" : "disabled",
    lastFailure:
      last === undefined
        ? null
        : {
            status: last.lastFailureStatus,
            atMs: last.lastFailureAt === null ? null : last.lastFailureAt * 1000,
          },
  };
}

/** What `connect` remembers; null if there is nothing that can be read. */
export async function connectionAt(path: string | null): Promise<ConnectionRecord | null> {
  if (path === null) return null;
  // Written by root while this reads: as a whole, or not at all.
  const text = await readSmall(path).catch(() => null);
  const read = parseConnection(text);
  return read.ok ? read.value : null;
}
