import type { RestAccess, RestClient } from "./port.ts";

/** Loads the client, which takes memory only from now on: a receiver without a key has none of it. */
export async function loadRestClient(access: RestAccess): Promise<RestClient> {
  const { createRestClient } = await import("./client.ts");
  return createRestClient(access);
}
