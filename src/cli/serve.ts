import { createApp, readingThread } from "../app.ts";
import { checkClock, isClockSynchronised } from "../checks/clock.ts";
import { checkStart } from "../checks/startup.ts";
import { loadConfig } from "../config.ts";
import type { Config } from "../config.ts";
import { options, shownDefault } from "../config-options.ts";
import { listen } from "../http/server.ts";
import { createArchive } from "../inspect/archive.ts";
import { startRetention } from "../inspect/retention.ts";
import { hasCode } from "../platform/errors.ts";
import type { Clock } from "../platform/clock.ts";
import { createLog } from "../platform/log.ts";
import type { Log } from "../platform/log.ts";
import { isJournal, watchdogMs } from "../platform/systemd.ts";
import { version } from "../platform/version.ts";
import { withinMs } from "../platform/wait.ts";
import { sqliteVersion } from "../store/database.ts";
import { openStore } from "../store/store.ts";
import type { Store } from "../store/store.ts";
import { factsOfPayload } from "../webhook/derive.ts";
import { watchCertificate } from "./certificate-watch.ts";
import { exitStatus } from "./command.ts";
import type { Command, CommandContext, Given } from "./command.ts";
import { optionFlags } from "./option-flags.ts";
import { settingSources } from "./settings.ts";
import { openManager, superviseUnder } from "./supervision.ts";

const DRAIN_MS_MAX = 20_000;
const UNWRITABLE_CODES = [
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOENT",
  "ENOTDIR",
  "SQLITE_READONLY",
  "SQLITE_CANTOPEN",
];

/** Receives webhooks until it is told to stop. */
export const serve: Command = {
  name: "serve",
  summary: "receive webhooks (the default)",
  examples: [
    { line: "serve", does: "with the settings of the environment and .env" },
    { line: "serve --port 8080", does: "on another port" },
  ],
  flags: optionFlags,
  notes: `Settings, as environment variables or lines in .env (flags win, then the environment):
${Object.values(options).map(settingLine).join("")}
A secret can also be in the file that ${options.secrets.name}_FILE names, or in a systemd credential of its name.
`,
  run,
};

async function run(flags: Given, context: CommandContext): Promise<number> {
  const { clock } = context;
  const loaded = loadConfig(settingSources(context, flags));
  if (loaded.kind === "faulty") {
    context.writeError(
      `The configuration has faults:\n${loaded.problems.map((problem) => `  ${problem}\n`).join("")}`,
    );
    return exitStatus.config;
  }

  const { config, warnings } = loaded;
  const { environment } = context;
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    isJournal: isJournal(environment.JOURNAL_STREAM, 1),
    write: context.writeOut,
  });
  for (const warning of warnings) log.warning(warning);
  // Whatever is made here holds personal data: nobody else reads it.
  process.umask(0o077);

  if (!isPlaceSound(log, config)) return exitStatus.failure;

  const notify = await openManager(environment.NOTIFY_SOCKET, log);
  notify("STATUS=Opening the data");
  const store = await openData(config, log);
  if ("problem" in store) {
    log.error(`Can't start: ${store.problem}`);
    return exitStatus.failure;
  }

  const archive = createArchive({ ...config, thread: readingThread });
  const { app, healthProblem, drain, erase } = createApp({ config, store, archive, clock, log });
  const server = listen(app, config);
  if ("problem" in server) {
    log.error(`Can't start: ${server.problem}`);
    await store.close();
    return exitStatus.failure;
  }
  logStart(log, config, server.url);
  void warnOfClock(log, clock);
  const stopRetention = startRetention({ ...config, eraser: store.eraser, erase, clock, log });
  watchCertificate(config.tls, { log, clock });
  const supervision = superviseUnder({
    notify,
    watchdogMs: watchdogMs(environment, process.pid),
    url: server.url,
    progress: store.progress,
    healthProblem,
  });

  await new Promise<void>((resolve) => {
    const forget = context.onStopSignal(() => {
      forget();
      resolve();
    });
  });
  log.info("Stopping: finishing what is in flight");
  supervision.stopping();
  const isDrained = await withinMs(Promise.all([drain(), server.stop()]), DRAIN_MS_MAX);
  if (!isDrained) log.warning("Some deliveries did not end in time and are cut off");
  await server.stopNow();
  stopRetention();
  archive.close();
  await store.close();
  supervision.end();
  log.info("Stopped");
  return exitStatus.ok;
}

async function openData(config: Config, log: Log): Promise<Store | { problem: string }> {
  try {
    return await openStore({ ...config, factsOfPayload, log });
  } catch (error) {
    return { problem: whyNotOpened(error, config) };
  }
}

/** Makes the checks of the `check` command that can be made before the data is opened. */
function isPlaceSound(log: Log, config: Config): boolean {
  const { blocking, notable } = checkStart(config);
  for (const { text, remedy } of notable) log.warning(`${text}. ${remedy}`);
  for (const { subject, text, remedy } of blocking) log.error(`Can't start: ${subject} ${text}. ${remedy}`);
  return blocking.length === 0;
}

/** Not waited for: to ask the system may take a while, and what it says does not keep us from receiving. */
async function warnOfClock(log: Log, clock: Clock): Promise<void> {
  if ((await isClockSynchronised()) !== false) return;
  const { text, remedy } = checkClock({
    nowMs: clock.nowMs(),
    isSynchronised: false,
    newestReceivedAtMs: null,
  });
  log.warning(`The clock is ${text}. ${remedy ?? ""}`);
}

function logStart(log: Log, config: Config, url: string): void {
  const { program, commit, bun } = version;
  log.info(`elevenlabs-webhook ${program} (commit ${commit}) on Bun ${bun}, SQLite ${sqliteVersion()}`);
  log.info(`Events go to ${config.databasePath}`);
  if (!config.storeTranscripts) {
    log.warning(
      "The content of events is NOT stored: set ENABLE_TRANSCRIPT_STORAGE=true to keep transcripts",
    );
  }
  if (config.audioFolder === null) {
    log.warning(
      "Recordings are NOT stored, and are never sent again: set ENABLE_AUDIO_STORAGE=true to keep them",
    );
  } else {
    log.info(`Recordings go to ${config.audioFolder}`);
  }
  if (config.apiTokens.length === 0) {
    log.info("The API that reads what arrived is off: set API_TOKEN to turn it on");
  }
  log.info(`Listening on ${url}: POST ${url}/webhook, health at ${url}/health, documentation at ${url}/docs`);
}

/** What keeps the data from being opened, and what to do. */
function whyNotOpened(error: unknown, config: Config): string {
  if (!(error instanceof Error)) return String(error);
  const { databasePath } = config;
  for (const code of UNWRITABLE_CODES) {
    if (hasCode(error, code)) {
      return `${databasePath} or ${config.audioFolder ?? "its folder"} can't be written (${error.message}): give this user the right to write there, or name another place`;
    }
  }
  if (hasCode(error, "SQLITE_NOTADB") || hasCode(error, "SQLITE_CORRUPT")) {
    return `${databasePath} is not a sound SQLite database: restore it from a backup, or move it away to start with an empty one`;
  }
  if (hasCode(error, "ENOSPC") || hasCode(error, "SQLITE_FULL"))
    return `the disk of ${databasePath} is full: make room`;
  return error.message;
}

function settingLine(option: { name: string; default: string | null; description: string }): string {
  return `  ${option.name.padEnd(28)} ${option.description} (default: ${shownDefault(option)})\n`;
}
