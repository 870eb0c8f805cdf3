import { RestError } from "../vendor/rest/fault.ts";
import type { RestClient, RestWebhook } from "../vendor/rest/port.ts";
import type { Known } from "./steps.ts";

/** What ElevenLabs has, and what the key may see of it. */
export type Workspace = Pick<Known, "settings" | "webhooks"> & {
  rights: "all" | "no usages" | "no webhooks";
};

/** Reads webhooks and settings. @throws RestError */
export async function readWorkspace(client: RestClient): Promise<Workspace> {
  const settings = await client.getSettings();
  const withUsages = await ifAllowed(client, "with usages");
  if (withUsages !== null) return { settings, webhooks: withUsages, rights: "all" };
  const webhooks = await ifAllowed(client, "without usages");
  return { settings, webhooks: webhooks ?? [], rights: webhooks === null ? "no webhooks" : "no usages" };
}

/** null: the key may not. Usages are for administrators only. */
async function ifAllowed(
  client: RestClient,
  usages: "with usages" | "without usages",
): Promise<RestWebhook[] | null> {
  try {
    return await client.listWebhooks(usages);
  } catch (error) {
    if (error instanceof RestError && error.fault.kind === "forbidden") return null;
    throw error;
  }
}
