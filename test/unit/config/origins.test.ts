import { expect, test } from "bun:test";
import { loadConfig, readSettings } from "../../../src/config/config.ts";
import type { ConfigSources } from "../../../src/config/sources.ts";
import { SECRET } from "../../helpers/deliveries.ts";

function sources(options: Partial<ConfigSources> & { files?: Record<string, string> }): ConfigSources {
  return {
    flags: {},
    environment: {},
    folder: "/srv",
    nowMs: 0,
    readText(path) {
      const text = options.files?.[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
      return text;
    },
    ...options,
  };
}

test("says of every setting where it was found", () => {
  const result = loadConfig(
    sources({
      flags: { port: "4000" },
      environment: {
        ELEVENLABS_WEBHOOK_SECRET_FILE: "secret",
        STATE_DIRECTORY: "/var/lib/x",
        AUDIO_STORAGE_PATH: "/audio",
        LOG_LEVEL: "DEBUG",
      },
      files: { "/srv/secret": `${SECRET}\n`, "/srv/.env": "LOG_LEVEL=ERROR\nLOG_FORMAT=json\n" },
    }),
  );
  if (result.kind === "faulty") throw new Error(result.problems.join());
  expect(result.config).toMatchObject({
    secrets: [SECRET],
    port: 4000,
    logLevel: "DEBUG",
    logFormat: "json",
  });
  expect(result.origins).toMatchObject({
    secrets: "file /srv/secret",
    port: "flag --port",
    logLevel: "environment",
    logFormat: ".env",
    databasePath: "$STATE_DIRECTORY",
    audioFolder: "environment",
    storeAudio: "default",
    host: "default",
  });
});

test("finds a systemd credential", () => {
  const result = loadConfig(
    sources({
      environment: { CREDENTIALS_DIRECTORY: "/run/c" },
      files: { "/run/c/ELEVENLABS_WEBHOOK_SECRET": SECRET },
    }),
  );
  expect(result).toMatchObject({ kind: "valid", origins: { secrets: "credential" } });
});

test("reads the settings that are valid, also if others are not", () => {
  const read = readSettings(
    sources({ environment: { ELEVENLABS_WEBHOOK_PORT: "x", ELEVENLABS_WEBHOOK_HOST: "::1" } }),
  );
  if (!read.ok) throw new Error(read.problem);
  const { host, port, secrets } = read.value.settings;
  expect(host).toEqual({ origin: "environment", parsed: { ok: true, value: "::1" } });
  expect(port.parsed).toEqual({ ok: false, problem: '"x" is not a whole number from 1 to 65535' });
  expect(secrets.parsed).toMatchObject({ ok: false, problem: expect.stringContaining("not set") });
});
