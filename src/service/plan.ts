import { loadConfig } from "../config/config.ts";
import type { Config } from "../config/config.ts";
import { notOfOneMachine } from "../config/data.ts";
import { privateSources } from "../config/addresses.ts";
import { options } from "../config/options.ts";
import type { ConfigSources } from "../config/sources.ts";
import type { Parsed } from "../platform/parsed.ts";
import { environmentText, settingsIn, UNWRITABLE, withSettings } from "./environment-file.ts";
import type { WantedFile } from "./files.ts";
import { NAME, paths } from "./paths.ts";
import { unitOptionsOf, unitText } from "./unit.ts";
import type { UnitOptions } from "./unit.ts";

const LOW_PORT_MAX = 1023;

/** The text of the files that an earlier install has left; null if there is none. */
export type Present = {
  environment: string | null;
  secret: string | null;
  apiToken: string | null;
  unit: string | null;
};

export type Request = {
  /** Variables and their values, to be set in the environment file. */
  settings: ReadonlyMap<string, string>;
  /** null: the one that is there */
  secret: string | null;
  /** null: the one that is there, or none */
  apiToken: ApiToken | null;
  /** The service's own key of ElevenLabs' API; null: the one that is there, or none */
  apiKey: string | null;
  isPublic: boolean;
  tls: UnitOptions["tls"];
};

/** A token of the API; `isMade` if it is a new one that nobody knows yet. */
export type ApiToken = { text: string; isMade: boolean };

export type Plan = {
  files: WantedFile[];
  config: Config;
  unit: UnitOptions;
  warnings: string[];
};

/**
 * Says what every file is to hold, or all that stands against it. What is there already stays, unless it is asked for.
 *
 * @param sources how files are read; flags and environment are not those of the service
 */
export function planInstall(
  request: Request,
  present: Present,
  { executable, sources }: { executable: Uint8Array; sources: ConfigSources },
): Parsed<Plan, string[]> {
  const before = present.unit === null ? null : unitOptionsOf(present.unit);
  const tls = request.tls ?? before?.tls ?? null;
  const unit = { isPublic: request.isPublic || before?.isPublic === true, tls };
  const unwritable = [...request.settings].filter(([, value]) => UNWRITABLE.test(value));
  if (unwritable.length > 0) {
    return {
      ok: false,
      problem: unwritable.map(([name]) => `${name}: it may hold no quotes, backslashes, $ or line ends`),
    };
  }
  const apiToken = request.apiToken?.text.trim() ?? present.apiToken;
  const environment = environmentFor(request, present, { ...unit, hasApi: apiToken !== null });
  const secret = (request.secret ?? present.secret ?? "").trim();
  const loaded = loadConfig({
    ...sources,
    flags: {},
    environment: {
      ...settingsIn(environment),
      [options.secrets.name]: secret,
      ...(apiToken === null ? {} : { [options.apiTokens.name]: apiToken }),
      ...(request.apiKey === null ? {} : { [options.vendorApiKey.name]: request.apiKey }),
      ...(tls === null
        ? {}
        : { [options.tlsCertFile.name]: tls.certFile, [options.tlsKeyFile.name]: tls.keyFile }),
    },
    folder: paths.state,
    readText: (path) => (path.startsWith(`${paths.state}/`) ? notThere(path) : sources.readText(path)),
  });
  if (loaded.kind === "faulty") return { ok: false, problem: loaded.problems };
  const { config, warnings } = loaded;
  const problems = [
    ...straySecrets(environment, options.secrets, paths.secret),
    ...(request.apiKey === null ? [] : straySecrets(environment, options.vendorApiKey, paths.apiKey)),
    ...problemsOfToken(request.apiToken, environment, unit),
    ...problemsUnder(unit, config),
  ];
  if (problems.length > 0) return { ok: false, problem: problems };

  const file = (path: string, mode: number, text: string) => ({ path, mode, bytes: Buffer.from(text) });
  const files = [
    { path: paths.executable, mode: 0o755, bytes: executable },
    file(paths.secret, 0o600, `${secret}\n`),
    ...(request.apiToken === null ? [] : [file(paths.apiToken, 0o600, `${apiToken}\n`)]),
    ...(request.apiKey === null ? [] : [file(paths.apiKey, 0o600, `${request.apiKey.trim()}\n`)]),
    file(paths.environment, 0o600, environment),
    file(paths.sysctl, 0o644, sysctlText),
    file(paths.unit, 0o644, unitText(unit)),
  ];
  return { ok: true, value: { files, config, unit, warnings } };
}

/** Root reads nothing of the service's own: what runs there could put anything in its place. */
function notThere(path: string): never {
  throw Object.assign(new Error(`${path} is not read`), { code: "ENOENT" });
}

function environmentFor(
  { settings }: Request,
  { environment }: Present,
  { isPublic, tls, hasApi }: UnitOptions & { hasApi: boolean },
) {
  // An existing file stays as it is: there may be those who use the API from elsewhere.
  const ownNetworks = new Map(hasApi ? [[options.apiSources.name, privateSources]] : []);
  const text = environment ?? withSettings(environmentText(), ownNetworks);
  const { port } = options;
  const isPortSet = settings.has(port.name) || settingsIn(text)[port.name] !== undefined;
  const lowPort = new Map([[port.name, tls === null ? "80" : "443"]]);
  return withSettings(isPublic && !isPortSet ? withSettings(text, lowPort) : text, settings);
}

/** The environment wins over the credential: a second secret would be the one that counts. */
function straySecrets(environment: string, { name }: { name: string }, place: string): string[] {
  const found = [name, `${name}_FILE`].filter((variable) => settingsIn(environment)[variable] !== undefined);
  return found.map(
    (variable) => `${variable}: remove it from ${paths.environment}: the service has it from ${place}`,
  );
}

function problemsOfToken(
  token: ApiToken | null,
  environment: string,
  { isPublic, tls }: UnitOptions,
): string[] {
  if (token === null) return [];
  const stray = straySecrets(environment, options.apiTokens, paths.apiToken);
  if (!token.isMade || !isPublic || tls !== null) return stray;
  return [
    ...stray,
    "--make-api-token: with --public and without HTTPS everyone on the way could read the token: add --tls-cert-file and --tls-key-file",
  ];
}

/** What the unit's sandbox would keep the configuration from. */
function problemsUnder({ isPublic }: UnitOptions, { port, data, storeAudio }: Config): string[] {
  if (data.kind === "shared") return [`${options.databaseUrl.name}: ${notOfOneMachine("the service keeps")}`];
  const problems: string[] = [];
  if (port <= LOW_PORT_MAX && !isPublic) {
    problems.push(
      `${options.port.name}: ${port} is below 1024: choose another with --port and put a proxy in front, or give --public`,
    );
  }
  for (const [{ name }, path] of [
    [options.databasePath, data.databasePath],
    [options.audioFolder, storeAudio ? data.recordingsFolder : null],
  ] as const) {
    if (path === null || isInState(path)) continue;
    problems.push(
      `${name}: the service may only write below ${paths.state}, not to ${path}: mount a larger disk at ${paths.privateState}`,
    );
  }
  return problems;
}

function isInState(path: string): boolean {
  return [paths.state, paths.privateState].some((folder) => path.startsWith(`${folder}/`));
}

/** Lets the kernel hand connections over to a new process, if it does so at all. */
export const sysctlText = `# Written by "${NAME} service install".
# Connections that wait for the old process when it hands over to a new one go to the new one.
net.ipv4.tcp_migrate_req = 1
`;
