import { recordingsPlace, showRecordings } from "./places.ts";
import { allowedSources, trustedProxies } from "./addresses.ts";
import {
  boolean,
  bytes,
  days,
  host,
  integer,
  oneOf,
  optionalAddress,
  optionalPath,
  path,
  recoveredAgents,
  secrets,
  tokens,
  vendorApiKey,
  vendorApiUrl,
} from "./values.ts";
import { define } from "./option.ts";
import type { Option } from "./option.ts";
import { sharedOptions } from "./shared-options.ts";

const GIB = 1024 ** 3;

/** The table that drives parsing, `--help`, `.env.example` and the documents. */
export const options = {
  secrets: define({
    name: "ELEVENLABS_WEBHOOK_SECRET",
    default: null,
    isSecret: true,
    description: "the webhook's secret as ElevenLabs showed it; several with commas during a rotation",
    parse: secrets,
  }),
  host: define({
    name: "ELEVENLABS_WEBHOOK_HOST",
    default: "0.0.0.0",
    description: "address to listen on",
    parse: host,
  }),
  port: define({
    name: "ELEVENLABS_WEBHOOK_PORT",
    default: "3004",
    description: "port to listen on",
    parse: integer(1, 65_535),
  }),
  allowedSources: define({
    name: "ALLOWED_SOURCES",
    default: "any",
    description:
      "who may deliver: addresses, ranges such as 192.0.2.0/24, elevenlabs for its published addresses",
    parse: allowedSources,
  }),
  trustedProxies: define({
    name: "TRUSTED_PROXIES",
    default: "none",
    description: "addresses and ranges of your proxies, whose X-Forwarded-For names the sender",
    parse: trustedProxies,
  }),
  tlsCertFile: define({
    name: "TLS_CERT_FILE",
    default: "",
    description: "with TLS_KEY_FILE, to speak HTTPS: the certificate and those of its issuers, in PEM form",
    parse: optionalPath,
  }),
  tlsKeyFile: define({
    name: "TLS_KEY_FILE",
    default: "",
    description: "the certificate's private key, in PEM form and not encrypted",
    parse: optionalPath,
  }),
  logLevel: define({
    name: "LOG_LEVEL",
    default: "INFO",
    description: "least level that is logged: DEBUG, INFO, WARNING, ERROR",
    parse: oneOf("DEBUG", "INFO", "WARNING", "ERROR"),
  }),
  logFormat: define({
    name: "LOG_FORMAT",
    default: "text",
    description: "text for people, json for machines",
    parse: oneOf("text", "json"),
  }),
  databasePath: define({
    name: "TRANSCRIPT_STORAGE_PATH",
    default: "data/transcripts.sqlite",
    stateName: "transcripts.sqlite",
    description: "the SQLite file of events and conversations; under systemd in $STATE_DIRECTORY",
    parse: path,
  }),
  audioFolder: define({
    name: "AUDIO_STORAGE_PATH",
    default: "data/audio",
    stateName: "audio",
    hasFile: true,
    description:
      "the folder of the recordings; under systemd in $STATE_DIRECTORY; with DATABASE_URL a bucket, see docs/scale.md",
    parse: recordingsPlace,
    show: showRecordings,
  }),
  ...sharedOptions,
  storeTranscripts: define({
    name: "ENABLE_TRANSCRIPT_STORAGE",
    default: "true",
    description: "false: events are counted without their content, no conversations and turns are kept",
    parse: boolean,
  }),
  storeAudio: define({
    name: "ENABLE_AUDIO_STORAGE",
    default: "true",
    description: "false: recordings are acknowledged and not kept; ElevenLabs sends them once",
    parse: boolean,
  }),
  unknownEventStatus: define({
    name: "UNKNOWN_EVENT_STATUS",
    default: "400",
    description: "answer to signed events that can't be processed and are quarantined: 400 or 200",
    parse: oneOf("400", "200"),
  }),
  apiTokens: define({
    name: "API_TOKEN",
    default: "",
    isSecret: true,
    description: "turns on the API; every request needs the token; several with commas during a rotation",
    parse: tokens,
  }),
  apiSources: define({
    name: "API_SOURCES",
    default: "any",
    description: "addresses that may use the API, as in ALLOWED_SOURCES; checked before the token",
    parse: allowedSources,
  }),
  publicUrl: define({
    name: "PUBLIC_URL",
    default: "",
    description: "the address at which others reach this receiver, such as https://hooks.example.com",
    parse: optionalAddress,
  }),
  toleranceSeconds: define({
    name: "SIGNATURE_TOLERANCE_SECONDS",
    default: "1800",
    description: "how old, or how far ahead of our clock, a signature may be",
    parse: integer(1, 86_400),
  }),
  bodyBytesMax: define({
    name: "MAX_BODY_BYTES",
    default: "256MiB",
    description: "larger requests are refused; an hour of recording takes about 80 MB",
    parse: bytes(1024, 4 * GIB),
  }),
  retentionDays: define({
    name: "RETENTION_DAYS",
    default: "",
    description:
      "conversations, and events without one, are erased this many days after their last event; 1 to 36500",
    parse: days,
  }),
  audioRetentionDays: define({
    name: "AUDIO_RETENTION_DAYS",
    default: "",
    description: "recordings are erased this many days after they arrived; 1 to 36500",
    parse: days,
  }),
  forwardConfig: define({
    name: "FORWARD_CONFIG",
    default: "",
    isPrivateFile: true,
    description: "a JSON file, for its owner alone, of the addresses that events are sent on to",
    parse: optionalPath,
  }),
  vendorApiKey: define({
    name: "ELEVENLABS_API_KEY",
    default: "",
    isSecret: true,
    hasNoFlag: true,
    description: "key of ElevenLabs' API, to fetch what was missed; needs no permission but convai_read",
    parse: vendorApiKey,
  }),
  vendorApiUrl: define({
    name: "ELEVENLABS_API_URL",
    default: "https://api.elevenlabs.io",
    description:
      "address of ElevenLabs' API; with data residency its own, such as https://api.eu.residency.elevenlabs.io",
    parse: vendorApiUrl,
  }),
  recover: define({
    name: "RECOVER",
    default: "off",
    description: "with ELEVENLABS_API_KEY, fetch what did not arrive: off, all, or ids of agents with commas",
    parse: recoveredAgents,
  }),
  freeDiskBytesMin: define({
    name: "MIN_FREE_DISK_BYTES",
    default: "64MiB",
    description: "with less free disk space, deliveries are refused before they are read",
    parse: bytes(0, 1024 * GIB),
  }),
};

export type OptionKey = keyof typeof options;

/** What each setting is, read. */
export type Values = { [K in OptionKey]: (typeof options)[K] extends Option<infer T> ? T : never };

/** The default of an option, in words for people. */
export function shownDefault(option: { default: string | null }): string {
  if (option.default === null) return "required";
  return option.default === "" ? "off" : option.default;
}

/** `--port` for ELEVENLABS_WEBHOOK_PORT, `--log-level` for LOG_LEVEL. */
export function flagOf(option: { name: string }): string {
  return `--${option.name
    .replace(/^ELEVENLABS_WEBHOOK_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}
