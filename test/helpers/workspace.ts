import { RestError } from "../../src/vendor/rest/fault.ts";
import type { JsonObject } from "../../src/vendor/json-value.ts";
import { isObject, listAt, textAt } from "../../src/vendor/json-value.ts";
import type { RestClient, RestSettings, RestWebhook } from "../../src/vendor/rest/port.ts";

/** A webhook as ElevenLabs has it; the secret is what it signs with. */
export type VendorWebhook = { id: string; name: string; url: string; secret: string; agents: number };

/**
 * A workspace at ElevenLabs without a network, for thousands of runs: webhooks with usages, and settings whose PATCH resets
 * what is left out. The client over the network is tested elsewhere.
 */
export function makeWorkspace({ seesUsages = true } = {}) {
  const webhooks: VendorWebhook[] = [];
  let settings: JsonObject = { webhooks: { post_call_webhook_id: null, events: [] } };
  let count = 0;
  const deleted: VendorWebhook[] = [];

  const named = () => textAt(settings, "webhooks", "post_call_webhook_id");
  const isUsed = ({ id, agents }: VendorWebhook) => agents > 0 || named() === id;
  const find = (id: string): VendorWebhook => {
    const found = webhooks.find((webhook) => webhook.id === id);
    if (found === undefined) throw new RestError({ kind: "not_found" });
    return found;
  };
  const readSettings = (): RestSettings => ({
    value: structuredClone(settings),
    postCallWebhookId: named(),
    events: listAt(settings, "webhooks", "events").map(String),
    transcriptFormat: null,
    excludeTranscript: false,
  });

  const unused = () => Promise.reject(new Error("connect does not ask for that"));
  const client: RestClient = {
    listConversations: unused,
    getConversation: unused,
    fetchRecording: unused,
    getSettings: async () => readSettings(),
    async patchSettings(value) {
      const id = textAt(value, "webhooks", "post_call_webhook_id");
      if (id !== null) find(id);
      if (isObject(value.webhooks) && "send_audio" in value.webhooks)
        throw new RestError({ kind: "unprocessable", member: "body.webhooks.send_audio" });
      settings = structuredClone(value);
      return readSettings();
    },
    async listWebhooks(usages) {
      if (usages === "with usages" && !seesUsages)
        throw new RestError({ kind: "forbidden", scope: "workspace admin" });
      return webhooks.map((webhook): RestWebhook => ({
        webhookId: webhook.id,
        name: webhook.name,
        url: webhook.url,
        isDisabled: false,
        isAutoDisabled: false,
        createdAt: 1793620800,
        authType: "hmac",
        usages: usages === "without usages" ? null : usagesOf(webhook),
        lastFailureStatus: null,
        lastFailureAt: null,
      }));
    },
    async createWebhook({ name, url }) {
      count += 1;
      const webhook = { id: `wh_${count}`, name, url, secret: `wsec_${count}`, agents: 0 };
      webhooks.push(webhook);
      return { webhookId: webhook.id, secret: webhook.secret };
    },
    async patchWebhook(id) {
      find(id);
    },
    async deleteWebhook(id) {
      const webhook = find(id);
      if (isUsed(webhook)) throw new RestError({ kind: "refused", status: 400 });
      webhooks.splice(webhooks.indexOf(webhook), 1);
      deleted.push(webhook);
    },
  };

  const usagesOf = ({ id, agents }: VendorWebhook) => [
    ...(named() === id ? ["ConvAI Settings"] : []),
    ...Array.from({ length: agents }, () => "ConvAI Agent Settings"),
  ];

  return {
    client,
    webhooks,
    deleted,
    named,
    settings: () => settings,
    changeSettings: (value: JsonObject) => {
      settings = value;
    },
    /** Somebody else's, made in the dashboard. */
    addForeign(agents = 0): VendorWebhook {
      const webhook = {
        id: "wh_foreign",
        name: "by hand",
        url: "https://a.example.com",
        secret: "wsec_f",
        agents,
      };
      webhooks.push(webhook);
      return webhook;
    },
  };
}
