import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isPlaceholder } from "../config/config.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import type { ConnectionStatus } from "../problems/statuses.ts";
import { paths } from "../service/paths.ts";
import type { RestClient } from "../vendor/rest/port.ts";
import type { LoadClient } from "./rest-client.ts";
import type { WebhookWatch } from "./webhook-watch.ts";

const FIRST_MS = 10_000;
const EVERY_MS = 10 * 60_000;

/** What is known of the webhook at ElevenLabs, and the watch over it. */
export type ConnectionWatch = {
  /** Watches from now on, if there is a key and it may be used. */
  start: () => void;
  stop: () => void;
  /** null: nothing is known, nor asked. */
  status: () => ConnectionStatus | null;
};

/** Makes the watch. What does the work is loaded when there is some: without a key there is no module or timer of it. */
export function createConnectionWatch(options: {
  config: Pick<Config, "secrets" | "publicUrl" | "recover">;
  environment: Record<string, string | undefined>;
  loadClient: LoadClient;
  /** Other times than the usual ones, for tests. */
  waits?: { firstMs: number; everyMs: number };
  log: Log;
}): ConnectionWatch {
  const { config, environment, loadClient, log } = options;
  const { firstMs, everyMs } = options.waits ?? { firstMs: FIRST_MS, everyMs: EVERY_MS };
  const isConnected = !config.secrets.every(isPlaceholder);
  let watch: WebhookWatch | null = null;
  let ending = new AbortController();

  async function load(client: Promise<RestClient>): Promise<WebhookWatch> {
    const [{ createWebhookWatch, connectionAt }, loaded] = await Promise.all([
      import("./webhook-watch.ts"),
      client,
    ]);
    const readConnection = () => connectionAt(connectionPath(environment));
    return createWebhookWatch({ client: loaded, readConnection, publicUrl: config.publicUrl, log });
  }

  async function run(makeClient: () => Promise<RestClient>, { signal }: AbortController): Promise<void> {
    const pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
    await pause(firstMs);
    while (!signal.aborted) {
      watch ??= await load(makeClient());
      await watch.look(signal);
      await pause(everyMs);
    }
  }

  return {
    start(): void {
      ending = new AbortController();
      // A key that is there for something else starts nothing.
      if (loadClient !== null && config.recover.kind !== "off") void run(loadClient, ending);
    },
    stop: () => ending.abort(),
    status() {
      if (!isConnected) return { webhook: "not_connected", lastFailure: null };
      return watch?.status() ?? null;
    },
  };
}

/** Where `connect` keeps what it remembers: beside the secret's file. null: nothing says where that is. */
function connectionPath(environment: Record<string, string | undefined>): string | null {
  const { ELEVENLABS_WEBHOOK_SECRET_FILE: file, CREDENTIALS_DIRECTORY: credentials } = environment;
  if (file !== undefined && file !== "") return join(dirname(file), "connection.json");
  return credentials === undefined ? null : paths.connection;
}
