import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { planInstall } from "../../../src/service/plan.ts";
import type { Present, Request } from "../../../src/service/plan.ts";
import { unitText } from "../../../src/service/unit.ts";
import { isOpensslMissing, makeCertificate } from "../../helpers/certificate.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const nothing: Present = { environment: null, secret: null, apiToken: null, unit: null };
const tls = isOpensslMissing ? null : makeCertificate(temporaryFolder());
const sources = {
  flags: {},
  environment: {},
  folder: "/",
  readText: (path: string) => readFileSync(path, "utf8"),
  nowMs: Date.now(),
};

function plan(request: Partial<Request> = {}, present: Partial<Present> = {}) {
  const whole = {
    settings: new Map<string, string>(),
    secret: null,
    apiToken: null,
    apiKey: null,
    isPublic: false,
    tls: null,
    ...request,
  };
  return planInstall(whole, { ...nothing, ...present }, { executable: Buffer.from("program"), sources });
}

function planned(...given: Parameters<typeof plan>) {
  const result = plan(...given);
  if (!result.ok) throw new Error(result.problem.join("\n"));
  const texts = Object.fromEntries(
    result.value.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
  );
  return { ...result.value, texts };
}

function problemsOf(...given: Parameters<typeof plan>) {
  const result = plan(...given);
  return result.ok ? [] : result.problem;
}

const settings = (...pairs: [string, string][]) => new Map(pairs);
const environmentPath = "/etc/elevenlabs-webhook/environment";

test("a first install has every file, with rights for those who need them", () => {
  const { files, config } = planned({ secret: ` ${SECRET}\n` });
  expect(files.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
    ["/usr/local/bin/elevenlabs-webhook", "755"],
    ["/etc/elevenlabs-webhook/secret", "600"],
    [environmentPath, "600"],
    ["/etc/sysctl.d/60-elevenlabs-webhook.conf", "644"],
    ["/etc/systemd/system/elevenlabs-webhook.service", "644"],
  ]);
  expect(config).toMatchObject({
    port: 3004,
    data: {
      databasePath: "/var/lib/elevenlabs-webhook/transcripts.sqlite",
      recordingsFolder: "/var/lib/elevenlabs-webhook/audio",
    },
  });
});

test("nothing in the service's own folder is read, where it could put anything", () => {
  const read: string[] = [];
  const readText = (path: string) => {
    read.push(path);
    return "LOG_LEVEL=LOUD";
  };
  const whole = {
    settings: new Map<string, string>(),
    secret: SECRET,
    apiToken: null,
    apiKey: null,
    isPublic: false,
    tls: null,
  };
  const executable = Buffer.from("program");
  expect(planInstall(whole, nothing, { executable, sources: { ...sources, readText } })).toHaveProperty(
    "value.files",
  );
  expect(read).toEqual([]);
});

test("the secret is in its own file and nowhere else", () => {
  const { texts } = planned({ secret: SECRET });
  const holding = Object.keys(texts).filter((path) => texts[path]?.includes(SECRET.slice(10, 30)));
  expect(holding).toEqual(["/etc/elevenlabs-webhook/secret"]);
});

test("another install keeps settings, secret and kind of unit", () => {
  const environment = "# mine\nELEVENLABS_WEBHOOK_PORT=443\n";
  const unit = unitText({ isPublic: true, tls });
  const { texts } = planned({}, { environment, secret: `${SECRET}\n`, unit });
  expect(texts[environmentPath]).toBe(environment);
  expect(texts["/etc/elevenlabs-webhook/secret"]).toBe(`${SECRET}\n`);
  expect(texts["/etc/systemd/system/elevenlabs-webhook.service"]).toBe(unit);
});

test("a setting that is given changes its line alone", () => {
  const environment = "# mine\nLOG_LEVEL=DEBUG\n";
  const given = settings(["LOG_LEVEL", "ERROR"]);
  const { texts } = planned({ settings: given }, { environment, secret: SECRET });
  expect(texts[environmentPath]).toBe('# mine\nLOG_LEVEL="ERROR"\n');
});

describe("a public receiver", () => {
  test.each([
    ["443 with a certificate", { tls }, tls === null ? 80 : 443],
    ["80 without one", {}, 80],
    ["the port that is given", { tls, settings: settings(["ELEVENLABS_WEBHOOK_PORT", "8443"]) }, 8443],
  ])("listens on %s", (_, request, port) => {
    expect(planned({ secret: SECRET, isPublic: true, ...request }).config.port).toBe(port);
  });

  test("keeps a port that was set before", () => {
    const environment = "ELEVENLABS_WEBHOOK_PORT=8443\n";
    expect(planned({ secret: SECRET, isPublic: true }, { environment }).config.port).toBe(8443);
  });
});

describe("refuses", () => {
  test("a low port without the right to it", () => {
    const given = settings(["ELEVENLABS_WEBHOOK_PORT", "443"]);
    expect(problemsOf({ secret: SECRET, settings: given })).toEqual([
      "ELEVENLABS_WEBHOOK_PORT: 443 is below 1024: choose another with --port and put a proxy in front, or give --public",
    ]);
  });

  test("folders that the service can't write to, all at once", () => {
    const given = settings(
      ["AUDIO_STORAGE_PATH", "/srv/audio"],
      ["TRANSCRIPT_STORAGE_PATH", "/srv/x.sqlite"],
    );
    expect(problemsOf({ secret: SECRET, settings: given })).toEqual([
      expect.stringContaining(
        "TRANSCRIPT_STORAGE_PATH: the service may only write below /var/lib/elevenlabs-webhook",
      ),
      expect.stringContaining("AUDIO_STORAGE_PATH: "),
    ]);
  });

  test("a missing secret, and faults of the settings", () => {
    const given = settings(["LOG_LEVEL", "LOUD"]);
    expect(problemsOf({ settings: given })).toEqual([
      expect.stringContaining("ELEVENLABS_WEBHOOK_SECRET: not set"),
      expect.stringContaining('LOG_LEVEL: "LOUD" is not one of'),
    ]);
  });

  test("a second secret among the settings, which would be the one that counts", () => {
    const environment = "ELEVENLABS_WEBHOOK_SECRET=wsec_old\n";
    expect(problemsOf({ secret: SECRET }, { environment })).toEqual([
      expect.stringContaining(
        "ELEVENLABS_WEBHOOK_SECRET: remove it from /etc/elevenlabs-webhook/environment",
      ),
    ]);
  });

  test("a value that would end its line", () => {
    const given = settings(["ELEVENLABS_WEBHOOK_HOST", 'a"\nLD_PRELOAD=x']);
    expect(problemsOf({ secret: SECRET, settings: given })).toEqual([
      expect.stringContaining("ELEVENLABS_WEBHOOK_HOST: it may hold no quotes"),
    ]);
  });
});

describe("the token of the API", () => {
  const TOKEN = "a-token-of-the-api-for-these-tests";
  const tokenPath = "/etc/elevenlabs-webhook/api-token";
  const given = { text: `${TOKEN}\n`, isMade: false };
  const made = { text: TOKEN, isMade: true };
  const ownNetworks = `API_SOURCES="127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, fe80::/10"`;

  test("is in its own file and nowhere else, for root alone", () => {
    const { texts, files, config } = planned({ secret: SECRET, apiToken: given });
    const holding = Object.keys(texts).filter((path) => texts[path]?.includes(TOKEN));
    expect(holding).toEqual([tokenPath]);
    expect(files.find(({ path }) => path === tokenPath)?.mode).toBe(0o600);
    expect(config.apiTokens).toEqual([TOKEN]);
  });

  test("opens the API of a new install to private networks alone, unless told", () => {
    expect(planned({ secret: SECRET, apiToken: given }).texts[environmentPath]).toContain(
      `\n${ownNetworks}\n`,
    );
    const told = { secret: SECRET, apiToken: given, settings: settings(["API_SOURCES", "192.0.2.1"]) };
    expect(planned(told).texts[environmentPath]).toContain('\nAPI_SOURCES="192.0.2.1"\n');
    expect(planned({ secret: SECRET }).texts[environmentPath]).toContain("\n#API_SOURCES=any\n");
  });

  test("changes no settings that are there, and one that is there stays", () => {
    const present = { environment: "# mine\n", secret: SECRET, apiToken: `${TOKEN}\n` };
    expect(planned({ apiToken: made }, present).texts[environmentPath]).toBe("# mine\n");
    const again = planned({}, present);
    expect([again.texts[tokenPath], again.config.apiTokens]).toEqual([undefined, [TOKEN]]);
  });

  test("is not made where it would be sent unencrypted to a public port", () => {
    const [problem] = problemsOf({ secret: SECRET, apiToken: made, isPublic: true });
    expect(problem).toContain("--make-api-token: with --public and without HTTPS");
    expect(problemsOf({ secret: SECRET, apiToken: given, isPublic: true })).toEqual([]);
    const unit = unitText({ isPublic: true, tls: null });
    expect(problemsOf({ secret: SECRET, apiToken: made }, { unit })).toEqual([problem ?? ""]);
    if (tls !== null) expect(problemsOf({ secret: SECRET, apiToken: made, isPublic: true, tls })).toEqual([]);
  });

  test("that is too short, or beside another one in the settings, is refused", () => {
    expect(problemsOf({ secret: SECRET, apiToken: { text: "short", isMade: false } })).toEqual([
      expect.stringContaining("API_TOKEN: a token has at least 32"),
    ]);
    const present = { environment: `API_TOKEN=${TOKEN}\n`, secret: SECRET };
    expect(problemsOf({ apiToken: made }, present)).toEqual([
      expect.stringContaining("API_TOKEN: remove it from"),
    ]);
    expect(problemsOf({}, present)).toEqual([]);
  });
});

describe("the service's own key of ElevenLabs' API", () => {
  const KEY = "sk_0123456789abcdef";
  const keyPath = "/etc/elevenlabs-webhook/api-key";

  test("is in its own file and nowhere else, for root alone; one that is there stays", () => {
    const { texts, files, config } = planned({ secret: SECRET, apiKey: `${KEY}\n` });
    expect(Object.keys(texts).filter((path) => texts[path]?.includes(KEY))).toEqual([keyPath]);
    expect(files.find(({ path }) => path === keyPath)?.mode).toBe(0o600);
    expect([texts[keyPath], config.vendorApiKey]).toEqual([`${KEY}\n`, KEY]);
    expect(planned({ secret: SECRET }).texts[keyPath]).toBeUndefined();
  });

  test("that is none, or beside another one in the settings, is refused without being quoted", () => {
    const [problem] = problemsOf({ secret: SECRET, apiKey: "two words" });
    expect(problem).toStartWith("ELEVENLABS_API_KEY: ");
    expect(problem).not.toContain("two words");
    const present = { environment: `ELEVENLABS_API_KEY=${KEY}\n`, secret: SECRET };
    expect(problemsOf({ apiKey: KEY }, present)).toEqual([
      expect.stringContaining("ELEVENLABS_API_KEY: remove it from"),
    ]);
  });
});
