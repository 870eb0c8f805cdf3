import { existsSync } from "node:fs";
import { checkClock, isClockSynchronised } from "../checks/clock.ts";
import { checkFolder } from "../checks/folders.ts";
import { adviseSources } from "../checks/access.ts";
import { checkStart } from "../checks/startup.ts";
import type { Config } from "../config/config.ts";
import { placesOf } from "../config/data.ts";
import { options } from "../config/options.ts";
import type { Origin } from "../config/sources.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { version } from "../platform/version.ts";

/** The problem of its health, and why the storage has it if that says so. */
type NotReceiving = { problem: string; fault: { what: string; remedy: string } | null };

/** What makes the receiver unhealthy, and what to do. */
function whyNotReceiving({ problem, fault }: NotReceiving, { data, storeAudio }: Config): string {
  if (problem === "storage_failed" && fault !== null) return `${fault.what}: ${fault.remedy}`;
  const { events, recordings } = placesOf(data);
  const paths = storeAudio ? `${events} and ${recordings}` : events;
  return problem === "disk_low"
    ? `less disk is free than MIN_FREE_DISK_BYTES asks for: make room on the disk of ${paths}`
    : `the storage fails (${problem}): check the disk of ${paths} and the kernel's log (dmesg)`;
}

/**
 * Runs those checks of the `check` command that need no open data. Returns what keeps the receiver from starting, and logs
 * the rest.
 */
export function findObstacle(log: Log, config: Config, shared: { port: boolean }): string | null {
  const { blocking, notable } = checkStart(config, shared);
  for (const { text, remedy } of notable)
    log.warning(`${text.charAt(0).toUpperCase()}${text.slice(1)}. ${remedy}`);
  const texts = blocking.map(({ subject, text, remedy }) => `${subject} ${text}. ${remedy}`);
  return texts.length === 0 ? null : texts.join(" Also: ");
}

/** Not awaited: asking the system may take a while, and its answer keeps nothing from being received. */
export async function warnOfClock(log: Log, clock: Clock): Promise<void> {
  if ((await isClockSynchronised()) !== false) return;
  const { text, remedy } = checkClock({
    nowMs: clock.nowMs(),
    isSynchronised: false,
    newestReceivedAtMs: null,
  });
  log.warning(`The clock is ${text}. ${remedy ?? ""}`);
}

export function logStart(
  log: Log,
  config: Config,
  { engine, url, notReceiving }: { engine: string; url: string; notReceiving: NotReceiving | null },
): void {
  const { program, commit, bun } = version;
  const { events, recordings } = placesOf(config.data);
  log.info(`elevenlabs-webhook ${program} (commit ${commit}) on Bun ${bun}, ${engine}`);
  log.info(`Events go to ${events}`);
  if (!config.storeTranscripts) {
    log.warning(
      "The content of events is NOT stored: set ENABLE_TRANSCRIPT_STORAGE=true to keep transcripts",
    );
  }
  if (config.storeAudio) {
    log.info(`Recordings go to ${recordings}`);
  } else {
    log.warning(
      "Recordings are NOT stored, and ElevenLabs sends them once: set ENABLE_AUDIO_STORAGE=true to keep them",
    );
  }
  log.info(
    config.apiTokens.length > 0 ? `API on: ${url}/docs describes it` : "API off: set API_TOKEN to turn it on",
  );
  const advice = adviseSources(config);
  if (advice !== null) log.info(`Senders: ${advice.text}. ${advice.remedy ?? ""}`);
  if (notReceiving !== null) log.error(`NOT RECEIVING: ${whyNotReceiving(notReceiving, config)}`);
  log.info(`Listening on ${url}: POST ${url}/webhook, health at ${url}/health, documentation at ${url}/docs`);
}

/** Logged once: earlier versions kept no recordings unless they were told to. */
export function warnOfKeptRecordings(log: Log): void {
  log.warning(
    `Recordings are kept from now on: ${options.storeAudio.name}=false goes on without them. They need about 60 MB per hour of calls`,
  );
}

/**
 * The configuration to start with: without recordings if they are only kept by default, in the default folder, and that
 * can't be made beside a database that is there already. An upgrade from a version that did not keep them goes on
 * receiving the rest; a new installation does not start.
 */
export function withoutHopelessRecordings(
  log: Log,
  config: Config,
  origins: Record<"storeAudio" | "audioFolder", Origin>,
): Config {
  if (config.data.kind === "shared") return config;
  const { databasePath, recordingsFolder } = config.data;
  const isByDefault = origins.storeAudio === "default" && origins.audioFolder === "default";
  if (!config.storeAudio || !isByDefault) return config;
  if (existsSync(recordingsFolder) || !existsSync(databasePath)) return config;
  const { level, text } = checkFolder(recordingsFolder, options.audioFolder.name);
  if (level !== "error") return config;
  log.error(
    `Recordings can't be kept: ${text}. Set ${options.audioFolder.name} to a folder that this user can write, or ${options.storeAudio.name}=false to go on without them`,
  );
  return { ...config, storeAudio: false };
}
