import type { Config } from "../config/config.ts";
import type { RestClient } from "../vendor/rest/port.ts";

/** Loads the client when it is asked for; null: there is no key. */
export type LoadClient = (() => Promise<RestClient>) | null;

/** The one client of this process: it bounds how many requests to ElevenLabs run at once. */
export function sharedClient({
  vendorApiKey: key,
  vendorApiUrl: url,
}: Pick<Config, "vendorApiKey" | "vendorApiUrl">): LoadClient {
  if (key === null) return null;
  let client: Promise<RestClient> | null = null;
  return () => (client ??= load(key, url));
}

async function load(key: string, url: string): Promise<RestClient> {
  const { loadRestClient } = await import("../vendor/rest/load.ts");
  return loadRestClient({ key, url });
}
