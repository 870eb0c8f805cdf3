import { oneLine } from "../platform/text.ts";
import { isOurs } from "./connection.ts";
import { note } from "./steps.ts";
import type { Known, ConnectPlan } from "./steps.ts";

/** Says what is to be done to have the post-call webhook enabled again. @param url the webhook's, as it should be */
export function planEnable({ settings, webhooks, connection }: Known, url: string): ConnectPlan {
  const id = settings.postCallWebhookId;
  const webhook = webhooks.find(({ webhookId }) => webhookId === id);
  if (webhook === undefined)
    return { kind: "refused", problem: "The workspace has no post-call webhook: run connect" };
  const isOwn = isOurs(webhook, connection);
  if (!isOwn && webhook.url !== url) {
    return {
      kind: "refused",
      problem: `The workspace's post-call webhook "${oneLine(webhook.name)}" delivers to another address: enable it in the dashboard`,
    };
  }
  const plan = { kind: "plan", webhookId: webhook.webhookId } as const;
  if (!webhook.isDisabled && !webhook.isAutoDisabled) {
    const text = `enabled (${webhook.webhookId})`;
    return { ...plan, steps: [note({ subject: "webhook", verb: "ok", text })] };
  }
  const warning =
    "static request headers of this webhook, if it has any, may be reset: look at them in the dashboard afterwards";
  return {
    ...plan,
    steps: [
      note({ subject: "headers", verb: "note", text: warning }),
      {
        line: { subject: "webhook", verb: "enable", text: `"${oneLine(webhook.name)}"` },
        action: { kind: "enable", webhook, isOwn },
      },
    ],
  };
}
