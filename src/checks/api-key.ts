import { options } from "../config/options.ts";
import type { RecoveredAgents } from "../config/values.ts";
import { RestError } from "../vendor/rest/fault.ts";
import type { RestClient } from "../vendor/rest/port.ts";
import { error, ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "API key";
const ANSWER_MS_MAX = 10_000;

/** What this check needs to know of the configuration. */
export type KeyUse = { hasKey: boolean; recover: RecoveredAgents };

/**
 * Whether the key of ElevenLabs' API is used, good, and may no more than it has to: one that may manage webhooks could lead
 * the whole workspace's calls elsewhere. null if there is none, and none is needed.
 *
 * @param load makes the client, which asks ElevenLabs
 */
export async function checkApiKey(
  { hasKey, recover }: KeyUse,
  load: () => Promise<RestClient>,
): Promise<CheckResult | null> {
  const { vendorApiKey: key, recover: setting } = options;
  if (recover.kind === "off" && !hasKey) return null;
  if (!hasKey) {
    return error(
      SUBJECT,
      `${setting.name} is on, and there is no key: nothing is fetched`,
      `Set ${key.name}_FILE to a file that holds a key with the permission convai_read; for the service: service install --api-key-file FILE.`,
    );
  }
  if (recover.kind === "off") {
    return warning(
      SUBJECT,
      `there is a key, and ${setting.name} is off: nothing is fetched`,
      `Set ${setting.name}=all.`,
    );
  }
  return judgeKey(await load());
}

async function judgeKey(client: RestClient): Promise<CheckResult> {
  try {
    await client.listConversations({ pageRows: 1 }, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch (fault) {
    if (!(fault instanceof RestError)) throw fault;
    const isOfKey = ["unauthorized", "forbidden"].includes(fault.fault.kind);
    if (isOfKey) return error(SUBJECT, fault.message, "The key needs the permission convai_read.");
    const remedy = "Look at the way from this machine to ElevenLabs: DNS, firewall, proxy.";
    return warning(SUBJECT, `whether it is good can't be told: ${fault.message}`, remedy);
  }
  if (await mayManageWebhooks(client)) {
    return warning(
      SUBJECT,
      "it may do more than read conversations: someone who breaks in could send the workspace's calls elsewhere",
      "Make another with the permission convai_read only; connect asks for its own key and stores none.",
    );
  }
  return ok(SUBJECT, "reads conversations, and no webhooks");
}

async function mayManageWebhooks(client: RestClient): Promise<boolean> {
  try {
    await client.listWebhooks("without usages", { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return true;
  } catch (fault) {
    if (fault instanceof RestError) return false;
    throw fault;
  }
}
