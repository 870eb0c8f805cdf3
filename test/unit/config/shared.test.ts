import { describe, expect, test } from "bun:test";
import { shownSettings } from "../../../src/checks/configuration.ts";
import { loadConfig, readSettings } from "../../../src/config/config.ts";
import { accessEnding, besideOf, nameOf, placesOf } from "../../../src/config/data.ts";
import type { DataConfig } from "../../../src/config/data.ts";
import type { ConfigSources } from "../../../src/config/sources.ts";
import { SECRET } from "../../helpers/deliveries.ts";

const PASSWORD = "Pa55-of-the-database";
const KEY_ID = "AKIAOFTHEBUCKET00001";
const KEY = "key/of+the/bucket/which/has/forty/charact";
const TOKEN = "token-of-the-bucket-for-an-hour";
const SAS = "sv=2021-12-02&se=2026-12-31T00%3A00%3A00Z&sp=rwdl&sig=signature-of-the-container";
const CONTAINER = "https://calls.blob.core.windows.net/recordings";

const database = {
  DATABASE_URL: `postgres://webhook:${PASSWORD}@db.example.com:5433/calls?sslmode=verify-full`,
};
const bucket = {
  AUDIO_STORAGE_PATH: "s3://calls/eu/prod",
  AWS_ACCESS_KEY_ID: KEY_ID,
  AWS_SECRET_ACCESS_KEY: KEY,
  AWS_REGION: "eu-central-1",
};
const both = { ...database, ...bucket };
const container = { ...database, AUDIO_STORAGE_PATH: `${CONTAINER}?${SAS}` };

function sourcesOf(environment: Record<string, string>, files: Record<string, string> = {}): ConfigSources {
  return {
    flags: {},
    environment: { ELEVENLABS_WEBHOOK_SECRET: SECRET, ...environment },
    folder: "/srv",
    nowMs: 0,
    readText(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
      return text;
    },
  };
}

function dataOf(environment: Record<string, string>, files: Record<string, string> = {}): DataConfig {
  const result = loadConfig(sourcesOf(environment, files));
  if (result.kind === "faulty") throw new Error(result.problems.join("\n"));
  return result.config.data;
}

function problemsOf(environment: Record<string, string>): string[] {
  const result = loadConfig(sourcesOf(environment));
  return result.kind === "faulty" ? result.problems : [];
}

describe("data that several receivers share", () => {
  test("are in Postgres and a bucket of S3", () => {
    expect(dataOf(both)).toEqual({
      kind: "shared",
      databaseUrl: database.DATABASE_URL,
      objects: {
        kind: "s3",
        bucket: "calls",
        prefix: "eu/prod",
        region: "eu-central-1",
        endpoint: null,
        accessKeyId: KEY_ID,
        secretAccessKey: KEY,
        sessionToken: null,
      },
      spoolFolder: "/srv/data/spool",
    });
  });

  test("may be in a bucket without a prefix, elsewhere than at Amazon, with temporary keys", () => {
    const environment = {
      ...both,
      AUDIO_STORAGE_PATH: "s3://calls/",
      AWS_ENDPOINT: "http://127.0.0.1:9000/",
      AWS_SESSION_TOKEN: TOKEN,
      SPOOL_PATH: "/tmp/spool",
    };
    expect(dataOf(environment)).toMatchObject({
      objects: { prefix: "", endpoint: "http://127.0.0.1:9000", sessionToken: TOKEN },
      spoolFolder: "/tmp/spool",
    });
  });

  test("may be in a container of Azure, by its SAS", () => {
    expect(dataOf(container)).toMatchObject({
      kind: "shared",
      objects: { kind: "azure", containerUrl: CONTAINER, sas: SAS },
    });
  });

  test("may have their addresses and keys in files", () => {
    const environment = {
      DATABASE_URL_FILE: "/run/secrets/url",
      AUDIO_STORAGE_PATH_FILE: "/run/secrets/sas",
    };
    const files = {
      "/run/secrets/url": `${database.DATABASE_URL}\n`,
      "/run/secrets/sas": `${container.AUDIO_STORAGE_PATH}\n`,
    };
    expect(dataOf(environment, files)).toEqual(dataOf(container));
  });

  test("need nothing of the state folder", () => {
    expect(dataOf({ ...both, STATE_DIRECTORY: "/data" })).toMatchObject({
      kind: "shared",
      spoolFolder: "/data/spool",
    });
  });
});

describe("refused, with what to do:", () => {
  test.each([
    ["Postgres with recordings on this machine", database, ["AUDIO_STORAGE_PATH: with DATABASE_URL,"]],
    [
      "a bucket without Postgres",
      bucket,
      ["AUDIO_STORAGE_PATH: a bucket needs DATABASE_URL beside it: set it, or"],
    ],
    [
      "a file of events beside Postgres",
      { ...both, TRANSCRIPT_STORAGE_PATH: "/srv/t.sqlite" },
      ["TRANSCRIPT_STORAGE_PATH: it is set and so is DATABASE_URL: remove one of them"],
    ],
    [
      "a bucket without its keys",
      { ...database, AUDIO_STORAGE_PATH: "s3://calls" },
      ["AWS_ACCESS_KEY_ID: not set, and", "AWS_SECRET_ACCESS_KEY: not set, and"],
    ],
    [
      "keys with a line's end in them",
      { ...both, AWS_SECRET_ACCESS_KEY: `a ${KEY}` },
      ["AWS_SECRET_ACCESS_KEY: a key has"],
    ],
    [
      "a token with a space in it",
      { ...both, AWS_SESSION_TOKEN: `a ${TOKEN}` },
      ["AWS_SESSION_TOKEN: a key has"],
    ],
    ["a region that is none", { ...both, AWS_REGION: "Frankfurt am Main" }, ["AWS_REGION: "]],
    ["a server that is none", { ...both, AWS_ENDPOINT: "s3.example.com" }, ["AWS_ENDPOINT: "]],
    [
      "a server's address with a password",
      { ...both, AWS_ENDPOINT: `https://a:${KEY}@s3.example.com` },
      ["AWS_ENDPOINT: "],
    ],
    [
      "a container without a SAS",
      { ...database, AUDIO_STORAGE_PATH: CONTAINER },
      ["AUDIO_STORAGE_PATH: it has no SAS"],
    ],
    [
      "a SAS that could be read on its way",
      { ...database, AUDIO_STORAGE_PATH: `http://calls.example.com/recordings?${SAS}` },
      ["AUDIO_STORAGE_PATH: "],
    ],
    [
      "an account without a container",
      { ...database, AUDIO_STORAGE_PATH: `https://calls.blob.core.windows.net/?${SAS}` },
      ["AUDIO_STORAGE_PATH: "],
    ],
    [
      "a bucket without a name",
      { ...both, AUDIO_STORAGE_PATH: "s3://" },
      ["AUDIO_STORAGE_PATH: it is not s3://bucket or s3://bucket/prefix, with a bucket of 3 to 63"],
    ],
    [
      "keys in the bucket's address",
      { ...both, AUDIO_STORAGE_PATH: `s3://${KEY_ID}:${KEY}@calls` },
      ["AUDIO_STORAGE_PATH: it is not s3://bucket"],
    ],
    [
      "a bucket of another kind",
      { ...both, AUDIO_STORAGE_PATH: "gs://calls" },
      ["AUDIO_STORAGE_PATH: it is neither"],
    ],
  ])("%s", (_, environment, starts) => {
    const problems = problemsOf(environment as Record<string, string>);
    expect(problems).toEqual(
      starts.map((start) => expect.stringMatching(new RegExp(`^${start.replaceAll("/", "\\/")}`))),
    );
  });

  test.each([
    `mysql://webhook:${PASSWORD}@db/calls`,
    `webhook:${PASSWORD}@db/calls`,
    `postgres://webhook:${PASSWORD}@db`,
    `postgres://webhook:${PASSWORD}@db/a/b`,
    `postgres://webhook:${PASSWORD}@/calls`,
    `postgres://db/calls`,
    `postgres://webhook:${PASSWORD}@db1,db2/calls`,
    `postgres://webhook:${PASSWORD}@db/calls?sslmode=maybe`,
    `postgres://webhook:100%${PASSWORD}@db:five/calls`,
  ])("%s as the database", (url) => {
    const problems = problemsOf({ ...bucket, DATABASE_URL: url });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith("DATABASE_URL: it");
    expect(problems[0]).not.toContain(PASSWORD);
  });
});

test("keys of other programs are no matter to a receiver with data of its own", () => {
  expect(
    dataOf({ AWS_REGION: "Frankfurt am Main", AWS_ENDPOINT: "x", AWS_SESSION_TOKEN: "a b" }),
  ).toMatchObject({
    kind: "embedded",
  });
});

test("no password, key or SAS is shown, neither of valid settings nor of faulty ones", () => {
  const every = { ...both, AWS_SESSION_TOKEN: TOKEN };
  const faulty = [
    {
      ...every,
      AWS_SECRET_ACCESS_KEY: ` ${KEY} ${KEY}`,
      AWS_ACCESS_KEY_ID: `${KEY_ID} x`,
      AWS_SESSION_TOKEN: `${TOKEN} x`,
    },
    { ...every, AUDIO_STORAGE_PATH: `ftp://x?${SAS}` },
    { ...every, AUDIO_STORAGE_PATH: `http://x/?${SAS}` },
    { ...every, DATABASE_URL: `http://a:${PASSWORD}@db` },
    { ...database },
  ];
  const shown: string[] = [];
  for (const environment of [every, container, ...faulty]) {
    const read = readSettings(sourcesOf(environment));
    if (!read.ok) throw new Error(read.problem);
    const settings = shownSettings(read.value.settings);
    expect(settings.length).toBeGreaterThan(30);
    shown.push(JSON.stringify(settings), ...problemsOf(environment));
  }
  for (const data of [dataOf(every), dataOf(container)])
    shown.push(JSON.stringify(placesOf(data)), nameOf(data), besideOf(data));
  const text = shown.join("\n");
  for (const secret of [PASSWORD, KEY_ID, KEY, TOKEN, "sig=", "signature-of-the-container"])
    expect(text).not.toContain(secret);
  expect(text).toContain("postgres://db.example.com:5433/calls");
  expect(text).toContain("s3://calls/eu/prod");
  expect(text).toContain(CONTAINER);
});

test("the end of a SAS is told two weeks before, and not of keys that do not end", () => {
  const endsAtMs = Date.parse("2026-12-31T00:00:00Z");
  const data = dataOf(container);
  const weeksMs = 14 * 86_400_000;
  expect(accessEnding(data, endsAtMs - weeksMs)).toBeNull();
  expect(accessEnding(data, endsAtMs - weeksMs + 1)?.what).toContain("ends at 2026-12-31T00:00:00.000Z");
  expect(accessEnding(data, endsAtMs + weeksMs)?.what).toContain("2026-12-31");
  expect(accessEnding(dataOf(both), endsAtMs)).toBeNull();
  const byPolicy = `${CONTAINER}?sv=2021-12-02&si=policy&sig=x`;
  expect(accessEnding(dataOf({ ...container, AUDIO_STORAGE_PATH: byPolicy }), endsAtMs)).toBeNull();
});
