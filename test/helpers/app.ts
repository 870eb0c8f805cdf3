import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createReceiver, readingThread } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import type { EmbeddedData } from "../../src/config/data.ts";
import { embeddedParts } from "../../src/daemon/opening/embedded.ts";
import { openMetrics } from "../../src/http/metrics.ts";
import { createQueries } from "../../src/query/queries.ts";
import { anyAddress, noAddress } from "../../src/config/addresses.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { openStore } from "../../src/store/store.ts";
import { recordOfLeftBody } from "../../src/webhook/record.ts";
import type { ForwardFigures } from "../../src/forward/forwarding.ts";
import { noStatuses } from "../../src/problems/statuses.ts";
import type { ConnectionStatus, RecoveryStatus } from "../../src/problems/statuses.ts";
import type { Destination } from "../../src/forward/destination.ts";
import { SECRET, sign } from "./deliveries.ts";

/** The application on real SQLite and real folders, called without a socket. */
export type TestApp = Awaited<ReturnType<typeof openTestApp>>;

export async function openTestApp(
  options: {
    config?: Partial<Config> & Partial<EmbeddedData>;
    clock?: Clock;
    folder?: string;
    secrets?: readonly string[];
    destinations?: readonly Destination[];
    /** How they stand: there is no thread that sends them anything. */
    forwarded?: () => ForwardFigures;
    /** How the webhook stands at ElevenLabs. */
    connection?: () => ConnectionStatus | null;
    recovery?: () => RecoveryStatus | null;
    isShared?: boolean;
    takesOverRecordings?: boolean;
  } = {},
) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "receiver-"));
  const clock = options.clock ?? systemClock;
  const { databasePath = join(folder, "transcripts.sqlite"), ...given } = options.config ?? {};
  const { recordingsFolder = join(folder, "audio"), ...settings } = given;
  const data: EmbeddedData = { kind: "embedded", databasePath, recordingsFolder };
  const config: Config & EmbeddedData = {
    ...data,
    data,
    secrets: options.secrets ?? [SECRET],
    host: "127.0.0.1",
    port: 3004,
    allowedSources: anyAddress,
    trustedProxies: noAddress,
    tlsCertFile: null,
    tlsKeyFile: null,
    tls: null,
    logLevel: "DEBUG",
    logFormat: "text",
    storeAudio: true,
    storeTranscripts: true,
    unknownEventStatus: 400,
    apiTokens: [],
    apiSources: anyAddress,
    publicUrl: null,
    forwardConfig: null,
    retentionDays: null,
    audioRetentionDays: null,
    toleranceSeconds: 1800,
    bodyBytesMax: 256 * 1024 * 1024,
    vendorApiKey: null,
    vendorApiUrl: "https://api.elevenlabs.io",
    recover: { kind: "off" },
    freeDiskBytesMin: 0,
    ...settings,
  };
  const logLines: string[] = [];
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    write: (line) => logLines.push(line),
  });
  const store = await openStore({
    ...data,
    audioFolder: config.storeAudio ? recordingsFolder : null,
    recordOfLeftBody,
    log,
    isShared: options.isShared ?? false,
    takesOverRecordings: options.takesOverRecordings ?? false,
  });
  const queries = createQueries({ ...data, thread: readingThread, log });
  const metrics = await openMetrics(config, options.destinations ?? []);
  const forwarding = { figures: options.forwarded ?? (() => []) };
  const { app, problems, drain, erase, trustedClock } = createReceiver({
    config,
    destinations: options.destinations ?? [],
    store,
    queries,
    ...embeddedParts(databasePath, { queries, isApiOn: config.apiTokens.length > 0 }),
    forwarding,
    metrics,
    statuses: {
      ...noStatuses,
      connection: options.connection ?? noStatuses.connection,
      recovery: options.recovery ?? noStatuses.recovery,
    },
    clock,
    log,
  });

  const handle = (path: string, init?: RequestInit) =>
    app.handle(new Request(`http://localhost${path}`, init));

  return {
    folder,
    config,
    store,
    app,
    queries,
    problems,
    drain,
    erase,
    trustedClock,
    logLines,
    handle,

    /** Delivers a body, signed now unless told. */
    async post(body: string | Uint8Array, header: string | null = sign(body)) {
      const headers: Record<string, string> = header === null ? {} : { "elevenlabs-signature": header };
      const response = await handle("/webhook", { method: "POST", headers, body: Buffer.from(body) });
      return { status: response.status, headers: response.headers, answer: await response.json() };
    },

    /** Asks the API, with the token unless told. */
    async ask<Answer = Record<string, unknown>>(
      path: string,
      token: string | null = config.apiTokens[0] ?? null,
    ) {
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const response = await handle(path, { headers });
      // A test says what it looks at.
      const answer = (await response.json()) as Answer;
      return { status: response.status, headers: response.headers, answer };
    },

    /** Posts to the API, with the token unless told. */
    async command<Answer = Record<string, unknown>>(
      path: string,
      token: string | null = config.apiTokens[0] ?? null,
    ) {
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const response = await handle(path, { method: "POST", headers });
      // A test says what it looks at.
      return { status: response.status, answer: (await response.json()) as Answer };
    },

    /** Rows of the database, read by another connection, as a user's tool would. */
    rows<Row = Record<string, unknown>>(sql: string, ...parameters: (string | number)[]): Row[] {
      const database = new Database(config.databasePath, { readonly: true });
      try {
        return database.query<Row, (string | number)[]>(sql).all(...parameters);
      } finally {
        database.close();
      }
    },

    async close({ keepFolder = false, isShared = false } = {}) {
      queries.close();
      await store.close({ isShared });
      if (!keepFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
