import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPlaceholder, loadConfig, newPlaceholder } from "../../../src/config/config.ts";
import { anyAddress, noAddress } from "../../../src/config/addresses.ts";
import { flagOf, options } from "../../../src/config/options.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

type Given = {
  flags?: Record<string, string>;
  environment?: Record<string, string | undefined>;
  envFile?: string;
};

const root = temporaryFolder();
let count = 0;

/** Loads the configuration in a folder of its own, with a secret unless told. */
function load({ flags = {}, environment = {}, envFile }: Given = {}) {
  const folder = join(root, String(++count));
  mkdirSync(folder);
  if (envFile !== undefined) writeFileSync(join(folder, ".env"), envFile);
  const result = loadConfig({
    flags,
    environment: { ELEVENLABS_WEBHOOK_SECRET: SECRET, ...environment },
    folder,
    readText: (path) => readFileSync(path, "utf8"),
    nowMs: Date.now(),
  });
  return { folder, result };
}

function configOf(given: Given = {}) {
  const { folder, result } = load(given);
  if (result.kind === "faulty") throw new Error(result.problems.join("\n"));
  return { folder, ...result };
}

function problemsOf(given: Given): string[] {
  const { result } = load(given);
  if (result.kind === "valid") throw new Error("the configuration is valid");
  return result.problems;
}

/** A file in a folder of its own. */
function fileWith(text: string, name = "secret"): string {
  const folder = join(root, `files-${++count}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe("without any setting but the secret", () => {
  test("everything has its documented default", () => {
    const { config, warnings, folder } = configOf();
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      secrets: [SECRET],
      host: "0.0.0.0",
      port: 3004,
      allowedSources: anyAddress,
      trustedProxies: noAddress,
      tlsCertFile: null,
      tlsKeyFile: null,
      tls: null,
      forwardConfig: null,
      logLevel: "INFO",
      logFormat: "text",
      data: {
        kind: "embedded",
        databasePath: join(folder, "data/transcripts.sqlite"),
        recordingsFolder: join(folder, "data/audio"),
      },
      storeAudio: true,
      storeTranscripts: true,
      unknownEventStatus: 400,
      apiTokens: [],
      apiSources: anyAddress,
      publicUrl: null,
      retentionDays: null,
      audioRetentionDays: null,
      toleranceSeconds: 1800,
      bodyBytesMax: 268_435_456,
      vendorApiKey: null,
      vendorApiUrl: "https://api.elevenlabs.io",
      recover: { kind: "off" },
      freeDiskBytesMin: 67_108_864,
    });
  });

  test("the secret is required, and the message says what to do", () => {
    expect(problemsOf({ environment: { ELEVENLABS_WEBHOOK_SECRET: undefined } })).toEqual([
      "ELEVENLABS_WEBHOOK_SECRET: not set: set it, or ELEVENLABS_WEBHOOK_SECRET_FILE to the path of a file that holds it",
    ]);
  });

  test.each(["", "  ", ",", " , ,"])("a secret of %j is none", (secret) => {
    expect(problemsOf({ environment: { ELEVENLABS_WEBHOOK_SECRET: secret } })).toHaveLength(1);
  });
});

describe("a setting", () => {
  const PORT = "ELEVENLABS_WEBHOOK_PORT";

  test("is taken from a flag before the environment, and from the environment before .env", () => {
    const envFile = `${PORT}=1001`;
    expect(configOf({ envFile }).config.port).toBe(1001);
    expect(configOf({ envFile, environment: { [PORT]: "1002" } }).config.port).toBe(1002);
    expect(configOf({ envFile, environment: { [PORT]: "1002" }, flags: { port: "1003" } }).config.port).toBe(
      1003,
    );
  });

  test("that is empty in the environment counts as not set, and .env is asked", () => {
    expect(configOf({ envFile: `${PORT}=1001`, environment: { [PORT]: " " } }).config.port).toBe(1001);
    expect(configOf({ environment: { [PORT]: "" } }).config.port).toBe(3004);
  });

  test("of .env may be quoted, exported and commented", () => {
    const envFile = `# settings\nexport ${PORT}="1001" # ours\n\nLOG_LEVEL='debug'\r\n`;
    expect(configOf({ envFile }).config).toMatchObject({ port: 1001, logLevel: "DEBUG" });
  });

  test("never has an empty flag for a value", () => {
    expect(problemsOf({ flags: { port: "" } })).toHaveLength(1);
  });

  test("with spaces around it is read without them", () => {
    expect(configOf({ environment: { [PORT]: " 1001 ", LOG_LEVEL: "warning\n" } }).config).toMatchObject({
      port: 1001,
      logLevel: "WARNING",
    });
  });
});

test("a path is relative to the working directory", () => {
  const environment = { TRANSCRIPT_STORAGE_PATH: "db/x.sqlite", AUDIO_STORAGE_PATH: "/srv/audio" };
  const { config, folder } = configOf({ environment });
  expect(config.data).toMatchObject({
    databasePath: join(folder, "db/x.sqlite"),
    recordingsFolder: "/srv/audio",
  });
});

test(".env that can't be read is a fault", () => {
  const folder = join(root, String(++count));
  mkdirSync(join(folder, ".env"), { recursive: true });
  const result = loadConfig({
    flags: {},
    environment: { ELEVENLABS_WEBHOOK_SECRET: SECRET },
    folder,
    readText: (path) => readFileSync(path, "utf8"),
    nowMs: Date.now(),
  });
  expect(result).toEqual({ kind: "faulty", problems: [expect.stringContaining(join(folder, ".env"))] });
});

describe("the folder of recordings", () => {
  const srv = { recordingsFolder: "/srv/audio" };

  test("is used by default, at any path", () => {
    const { config, folder } = configOf({});
    expect(config.data).toMatchObject({ recordingsFolder: join(folder, "data/audio") });
    expect(configOf({ environment: { AUDIO_STORAGE_PATH: "/srv/audio" } }).config.data).toMatchObject(srv);
    expect(configOf({ flags: { audioFolder: "/srv/audio" } }).config.data).toMatchObject(srv);
  });

  test("is not used where storage is switched off in words", () => {
    const environment = { AUDIO_STORAGE_PATH: "/srv/audio", ENABLE_AUDIO_STORAGE: "false" };
    expect(configOf({ environment }).config.storeAudio).toBe(false);
  });
});

describe("under systemd", () => {
  test("the data is in the state directory", () => {
    const environment = { STATE_DIRECTORY: "/var/lib/receiver" };
    expect(configOf({ environment }).config.data).toMatchObject({
      databasePath: "/var/lib/receiver/transcripts.sqlite",
      recordingsFolder: "/var/lib/receiver/audio",
    });
  });

  test("the data is in the first of several state directories", () => {
    const environment = { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" };
    expect(configOf({ environment }).config.data).toMatchObject({
      databasePath: "/var/lib/a/transcripts.sqlite",
    });
  });

  test("a path of one's own wins over the state directory", () => {
    const environment = { STATE_DIRECTORY: "/var/lib/a", TRANSCRIPT_STORAGE_PATH: "/srv/x.sqlite" };
    expect(configOf({ environment }).config.data).toMatchObject({ databasePath: "/srv/x.sqlite" });
  });
});

describe("the secret", () => {
  const NAME = "ELEVENLABS_WEBHOOK_SECRET";
  const none = { [NAME]: undefined };
  const OTHER = `wsec_${"f".repeat(64)}`;

  test("may be several during a rotation", () => {
    expect(configOf({ environment: { [NAME]: ` ${SECRET} ,, ${OTHER},` } }).config.secrets).toEqual([
      SECRET,
      OTHER,
    ]);
  });

  test("may be in a file, with a line end", () => {
    const environment = { ...none, [`${NAME}_FILE`]: fileWith(`${SECRET}\n`) };
    expect(configOf({ environment }).config.secrets).toEqual([SECRET]);
  });

  test("may be in a file that a line of .env names, relative to the working directory", () => {
    const envFile = `${NAME}_FILE=.env`;
    // The file named is read as it is: here that of the settings themselves.
    expect(configOf({ envFile, environment: none }).config.secrets).toEqual([envFile]);
  });

  test("may be a systemd credential of its name", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith(`${SECRET}\n`, NAME), "..");
    expect(configOf({ environment: { ...none, CREDENTIALS_DIRECTORY } }).config.secrets).toEqual([SECRET]);
  });

  test("of the environment wins over the credential", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith(OTHER, NAME), "..");
    expect(configOf({ environment: { CREDENTIALS_DIRECTORY } }).config.secrets).toEqual([SECRET]);
  });

  test("is not set where the credentials are others'", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith("x", "another"), "..");
    expect(problemsOf({ environment: { ...none, CREDENTIALS_DIRECTORY } })).toEqual([
      expect.stringContaining(`${NAME}: not set`),
    ]);
  });

  test("may not be given in two ways", () => {
    expect(problemsOf({ environment: { [`${NAME}_FILE`]: fileWith(SECRET) } })).toEqual([
      `${NAME}: it is set and so is ${NAME}_FILE: remove one of them`,
    ]);
  });

  test("may not be an empty file, nor one that is missing", () => {
    expect(problemsOf({ environment: { ...none, [`${NAME}_FILE`]: fileWith(" \n") } })).toEqual([
      `${NAME}: it holds no secret`,
    ]);
    expect(problemsOf({ environment: { ...none, [`${NAME}_FILE`]: "/nowhere/secret" } })).toEqual([
      `${NAME}: the file named for it can't be read (ENOENT): correct its name or its rights`,
    ]);
  });

  test("of another form is accepted with a warning that does not quote it", () => {
    const { config, warnings } = configOf({ environment: { [NAME]: `${SECRET},hunter2` } });
    expect(config.secrets).toEqual([SECRET, "hunter2"]);
    expect(warnings).toEqual([expect.stringContaining("does not look like wsec_")]);
    expect(warnings.join()).not.toContain("hunter2");
  });

  test("may be one that stands for it until there is one, without a warning; nobody else's looks like that", () => {
    const placeholder = newPlaceholder();
    const { config, warnings } = configOf({ environment: { [NAME]: placeholder } });
    expect([config.secrets.every(isPlaceholder), warnings]).toEqual([true, []]);
    expect(newPlaceholder()).not.toBe(placeholder);
    expect([SECRET, "not-connected-", `not-connected-${"g".repeat(64)}`].filter(isPlaceholder)).toEqual([]);
  });

  test.each([
    ["where its file should be named", { ...none, [`${NAME}_FILE`]: "hunter2" }],
    ["in two ways", { [NAME]: "hunter2", [`${NAME}_FILE`]: "/x" }],
    ["under a name with a slip", { ...none, ELEVENLABS_WEBHOOK_SECRTE: "hunter2" }],
    ["too often", { [NAME]: Array(9).fill("hunter2").join() }],
    ["too long", { [NAME]: "hunter2".repeat(200) }],
  ])("is in no message where it is given %s", (_, environment) => {
    const problems = problemsOf({ environment }).join("\n");
    expect(problems).toContain(NAME);
    expect(problems).not.toContain("hunter2");
  });
});

describe("faults", () => {
  test("are all told at once, each with the setting's name", () => {
    const environment = {
      ELEVENLABS_WEBHOOK_SECRET: undefined,
      ELEVENLABS_WEBHOOK_HOST: "not a host",
      ELEVENLABS_WEBHOOK_PORT: "70000",
      LOG_LEVEL: "LOUD",
      LOG_FORMAT: "xml",
      ENABLE_TRANSCRIPT_STORAGE: "maybe",
      ENABLE_AUDIO_STORAGE: "2",
      UNKNOWN_EVENT_STATUS: "500",
      SIGNATURE_TOLERANCE_SECONDS: "0",
      MAX_BODY_BYTES: "lots",
      MIN_FREE_DISK_BYTES: "-1",
      TRANSCRIPT_STORAGE_PATH: "a\0b",
      AUDIO_STORAGE_PATH: "a\0b",
    };
    const problems = problemsOf({ environment });
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(
      Object.values(options)
        .map((option) => option.name)
        .filter((name) => name in environment),
    );
    expect(problems).toHaveLength(13);
  });

  test("of a name and of a value are told together", () => {
    expect(problemsOf({ environment: { ELEVENLABS_WEBHOOK_PROT: "1", LOG_LEVEL: "x" } })).toHaveLength(2);
  });
});

describe("a name that begins with ELEVENLABS_WEBHOOK_", () => {
  test.each([
    ["ELEVENLABS_WEBHOOK_SECRETS", "ELEVENLABS_WEBHOOK_SECRET"],
    ["ELEVENLABS_WEBHOOK_SECRET_FIEL", "ELEVENLABS_WEBHOOK_SECRET_FILE"],
    ["ELEVENLABS_WEBHOOK_PROT", "ELEVENLABS_WEBHOOK_PORT"],
    ["ELEVENLABS_WEBHOOK_HOTS", "ELEVENLABS_WEBHOOK_HOST"],
  ])("is a fault as %s, with a hint", (name, meant) => {
    const problem = `${name}: there is no such setting, did you mean ${meant}?`;
    expect(problemsOf({ environment: { [name]: "1" } })).toEqual([problem]);
    expect(problemsOf({ envFile: `${name}=1` })).toEqual([problem]);
  });

  test.each([
    "ELEVENLABS_WEBHOOK_URL",
    "ELEVENLABS_WEBHOOK_ID",
    "ELEVENLABS_WEBHOOK_PATH",
    "ELEVENLABS_WEBHOOK_RETRIES",
  ])("is ignored with a warning as %s, which is nothing of ours", (name) => {
    expect(configOf({ environment: { [name]: "1" } }).warnings).toEqual([
      `${name}: there is no such setting, it is ignored`,
    ]);
  });

  test("is no matter where it is empty", () => {
    expect(configOf({ environment: { ELEVENLABS_WEBHOOK_PROT: "" } }).warnings).toEqual([]);
  });
});

test("names of other programs are no matter", () => {
  expect(configOf({ environment: { ELEVENLABS_API_KEY: "x", PORT: "1", LOG_LEVLE: "x" } }).warnings).toEqual(
    [],
  );
});

describe("a slip in a name without that prefix", () => {
  test.each([
    ["ALOWED_SOURCES", "ALLOWED_SOURCES"],
    ["RETENTON_DAYS", "RETENTION_DAYS"],
    ["API_TOKN", "API_TOKEN"],
  ])("is a warning as %s, with a hint", (name, meant) => {
    const warning = `${name}: there is no such setting, it is ignored; did you mean ${meant}?`;
    expect(configOf({ environment: { [name]: "1" } }).warnings).toEqual([warning]);
    expect(configOf({ envFile: `${name}=1` }).warnings).toEqual([warning]);
  });

  test("is another program's if the setting is there too", () => {
    expect(configOf({ environment: { LOG_LEVELS: "x", LOG_LEVEL: "INFO" } }).warnings).toEqual([]);
  });
});

describe("the table", () => {
  test("has a default for each setting that its own parser accepts", () => {
    for (const option of Object.values(options)) {
      if (option.default !== null) expect(option.parse(option.default, "/")).toHaveProperty("value");
    }
  });

  test("gives every setting a flag of its own", () => {
    const flags = Object.values(options).map(flagOf);
    expect(new Set(flags).size).toBe(flags.length);
    expect(flags).toContain("--port");
    expect(flags).toContain("--signature-tolerance-seconds");
    for (const flag of flags) expect(flag).toMatch(/^--[a-z]+(-[a-z]+)*$/);
  });
});

describe("the file of destinations", () => {
  const NAME = "FORWARD_CONFIG";

  test("is the systemd credential of its name", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith("", NAME), "..");
    const { config, origins } = configOf({ environment: { CREDENTIALS_DIRECTORY } });
    expect(config.forwardConfig).toBe(join(CREDENTIALS_DIRECTORY, NAME));
    expect(origins.forwardConfig).toBe("credential");
  });

  test("is the one that the environment names, though there is a credential", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith("", NAME), "..");
    const { config } = configOf({ environment: { CREDENTIALS_DIRECTORY, [NAME]: "/etc/other.json" } });
    expect(config.forwardConfig).toBe("/etc/other.json");
  });

  test("is none under a unit of an earlier version, which hands none over", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith("x", "another"), "..");
    expect(configOf({ environment: { CREDENTIALS_DIRECTORY } }).config.forwardConfig).toBeNull();
  });
});

describe("the key of ElevenLabs' API", () => {
  const NAME = "ELEVENLABS_API_KEY";
  const KEY = "sk_0123456789abcdef0123456789abcdef";

  test("is read from the environment, a file or a systemd credential", () => {
    expect(configOf({ environment: { [NAME]: KEY } }).config.vendorApiKey).toBe(KEY);
    const file = configOf({ environment: { [`${NAME}_FILE`]: fileWith(`${KEY}\n`) } });
    expect(file.config.vendorApiKey).toBe(KEY);
    const CREDENTIALS_DIRECTORY = join(fileWith(`${KEY}\n`, NAME), "..");
    expect(configOf({ environment: { CREDENTIALS_DIRECTORY } }).config.vendorApiKey).toBe(KEY);
  });

  test("is not there if its credential is empty, as in a unit without its file", () => {
    const CREDENTIALS_DIRECTORY = join(fileWith("", NAME), "..");
    expect(configOf({ environment: { CREDENTIALS_DIRECTORY } }).config.vendorApiKey).toBeNull();
  });

  test("is refused without being quoted", () => {
    const problems = problemsOf({ environment: { [NAME]: "sk_ two words" } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`${NAME}: `);
    expect(problems[0]).not.toContain("two words");
  });
});

describe("RECOVER", () => {
  const ELEVENLABS_API_KEY = "sk_0123456789abcdef0123456789abcdef";

  test.each([
    ["off", { kind: "off" }],
    ["ALL", { kind: "all" }],
    ["agent_1, seng_2,agent_1", { kind: "some", agentIds: ["agent_1", "seng_2"] }],
  ])("%s says whose calls are recovered", (RECOVER, recover) => {
    const { config, warnings } = configOf({ environment: { RECOVER, ELEVENLABS_API_KEY } });
    expect<unknown>(config.recover).toEqual(recover);
    expect(warnings).toEqual([]);
  });

  test.each(["on", "true", "agent_1,,", "all,agent_1"])("%p is refused", (RECOVER) => {
    expect(problemsOf({ environment: { RECOVER } })).toEqual([expect.stringContaining("RECOVER: ")]);
  });

  test("warns if there is no key to recover with", () => {
    const { warnings } = configOf({ environment: { RECOVER: "all" } });
    expect(warnings).toEqual([expect.stringContaining("ELEVENLABS_API_KEY")]);
  });
});

describe("the address of ElevenLabs' API", () => {
  const NAME = "ELEVENLABS_API_URL";

  test.each([
    ["api.eu.residency.elevenlabs.io", "https://api.eu.residency.elevenlabs.io"],
    ["https://api.us.elevenlabs.io/", "https://api.us.elevenlabs.io"],
    ["https://proxy.example.com:8443", "https://proxy.example.com:8443"],
    ["http://127.0.0.1:4010", "http://127.0.0.1:4010"],
    ["http://[::1]:4010", "http://[::1]:4010"],
  ])("may be %s", (text, origin) => {
    expect(configOf({ environment: { [NAME]: text } }).config.vendorApiUrl).toBe(origin);
  });

  test.each([
    "http://api.elevenlabs.io",
    "http://127.0.0.1.example.com",
    "https://user:word@api.elevenlabs.io",
    "https://api.elevenlabs.io/v1",
    "https://api.elevenlabs.io?key=1",
    "ftp://api.elevenlabs.io",
    "proxy.example.com",
  ])("is not %s", (text) => {
    expect(problemsOf({ environment: { [NAME]: text } })[0]).toStartWith(`${NAME}: `);
  });
});
