import { dirname } from "node:path";
import { checkApi, adviseSources, checkSources } from "../checks/access.ts";
import { checkApiKey } from "../checks/api-key.ts";
import { checkCertificate, checkKeyFile } from "../checks/certificate.ts";
import { checkClock, isClockSynchronised } from "../checks/clock.ts";
import { checkConfiguration, checkSecrets, shownSettings } from "../checks/configuration.ts";
import type { ShownSetting } from "../checks/configuration.ts";
import { checkDatabase } from "../checks/database.ts";
import { checkUser, ownerOf } from "../checks/folders.ts";
import { checkForward } from "../checks/forward.ts";
import { checkPortOrReceiver } from "../checks/port.ts";
import { checkRecordings, checkRecordingsOwner } from "../checks/recordings.ts";
import type { CheckResult } from "../checks/result.ts";
import { checkStorage } from "../checks/startup.ts";
import { readSettings } from "../config/config.ts";
import type { Settings } from "../config/config.ts";
import type { DataConfig } from "../config/data.ts";
import { readData } from "../config/read-data.ts";
import { ownOrigin } from "../sender/target.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { optionFlags, settingSources } from "./settings.ts";
import { createPaint, indented } from "./terminal.ts";
import type { Paint } from "./terminal.ts";

/** Looks at everything that the receiver needs. */
export const check: Command = {
  name: "check",
  summary:
    "check settings, secret, folders, disk, port, database, recordings, destinations, API key, clock and limits",
  examples: [
    { line: "check", does: "with the settings of the environment and .env" },
    { line: "check --json", does: "for programs" },
    { line: "check || echo 'not ready'", does: "in a script" },
  ],
  flags: [{ key: "json", flag: "--json", description: "print JSON" }, ...optionFlags],
  notes: `It changes nothing, and can run while the receiver runs. Run it as the receiver's user.
Exit status: 0 without errors (there may be warnings), 1 with errors.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const read = readSettings(settingSources(context, given));
  if (!read.ok) return refuse(context, read.problem, "failure");
  const { settings } = read.value;
  const results = [...checkConfiguration(read.value), ...(await checkSystem(settings, context))];
  const shown = shownSettings(settings);
  const isGood = results.every(({ level }) => level !== "error");
  context.writeOut(
    given.json === undefined
      ? forPeople(shown, results, createPaint(context))
      : `${JSON.stringify({ ok: isGood, settings: shown, checks: results })}\n`,
  );
  return isGood ? exitStatus.ok : exitStatus.failure;
}

/** All checks whose settings are valid. */
async function checkSystem(settings: Settings, { clock }: CommandContext): Promise<CheckResult[]> {
  const results: (CheckResult | null)[] = [checkSecrets(settings)];
  const nowMs = clock.nowMs();
  let newestReceivedAtMs: number | null = null;
  const {
    host,
    port,
    allowedSources,
    trustedProxies,
    apiTokens,
    apiSources,
    tlsCertFile,
    tlsKeyFile,
    storeAudio,
    freeDiskBytesMin,
    bodyBytesMax,
    forwardConfig,
    vendorApiKey,
    vendorApiUrl,
    recover,
  } = valuesOf(settings);

  if (host !== null && port !== null) {
    results.push(await checkPortOrReceiver({ host, port, origin: ownOrigin(settings), clock }));
  }
  if (host !== null && allowedSources !== null && trustedProxies !== null) {
    const access = { host, allowedSources, trustedProxies };
    results.push(adviseSources(access) ?? checkSources(access));
  }
  if (host !== null && apiTokens !== null && apiSources !== null) {
    results.push(checkApi({ host, apiTokens, apiSources, tlsCertFile }));
  }
  results.push(...checkForward(forwardConfig));
  results.push(checkCertificate({ tlsCertFile, tlsKeyFile }, nowMs), checkKeyFile(tlsKeyFile));
  const data = readData(settings);
  if (data.ok && storeAudio !== null && freeDiskBytesMin !== null && bodyBytesMax !== null) {
    results.push(...checkStorage({ data: data.value, storeAudio, freeDiskBytesMin, bodyBytesMax }));
    const checked = await checkData(data.value, { storeAudio, nowMs });
    results.push(...checked.results);
    ({ newestReceivedAtMs } = checked);
  }
  if (vendorApiUrl !== null && recover !== null) {
    const { loadRestClient } = await import("../vendor/rest/load.ts");
    const load = () => loadRestClient({ key: vendorApiKey ?? "", url: vendorApiUrl });
    results.push(await checkApiKey({ hasKey: vendorApiKey !== null, recover }, load));
  }
  results.push(checkClock({ nowMs, isSynchronised: await isClockSynchronised(), newestReceivedAtMs }));
  return results.filter((result) => result !== null);
}

/** What is stored. `newestReceivedAtMs` is null if there are no events, or nobody knows. */
type CheckedData = { results: (CheckResult | null)[]; newestReceivedAtMs: number | null };

async function checkData(
  data: DataConfig,
  { storeAudio, nowMs }: { storeAudio: boolean; nowMs: number },
): Promise<CheckedData> {
  if (data.kind === "shared") {
    const { checkShared } = await import("../checks/shared.ts");
    return checkShared(data);
  }
  const { databasePath, recordingsFolder } = data;
  const user = checkUser(process.getuid?.(), ownerOf(dirname(databasePath)));
  const { results, content } = checkDatabase(databasePath);
  if (content === null) return { results: [user, ...results], newestReceivedAtMs: null };
  const recordings = await checkRecordings(recordingsFolder, content, nowMs);
  const owner = storeAudio ? await checkRecordingsOwner(recordingsFolder, content) : null;
  const { newestReceivedAtMs } = content;
  return { results: [user, ...results, ...recordings, owner], newestReceivedAtMs };
}

/** The settings, with null for those that are not valid. */
function valuesOf(settings: Settings): { [K in keyof Settings]: ValueOf<Settings[K]> | null } {
  const entries = Object.entries(settings).map(([key, { parsed }]) => [key, parsed.ok ? parsed.value : null]);
  // Every setting has an entry.
  return Object.fromEntries(entries) as { [K in keyof Settings]: ValueOf<Settings[K]> | null };
}

type ValueOf<S> = S extends { parsed: infer P } ? Extract<P, { value: unknown }>["value"] : never;

function forPeople(settings: readonly ShownSetting[], results: readonly CheckResult[], paint: Paint): string {
  const nameWidth = Math.max(...settings.map(({ name }) => name.length));
  const valueWidth = Math.min(40, Math.max(...settings.map(({ value }) => value.length)));
  const subjectWidth = Math.max(...results.map(({ subject }) => subject.length));
  const colours = { ok: paint.good, warning: paint.warning, error: paint.bad };
  const indent = 2 + 7 + 2 + subjectWidth + 2;

  const settingLines = settings.map(
    ({ name, value, origin }) =>
      `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${paint.faint(origin)}\n`,
  );
  const resultLines = results.map(({ subject, level, text, remedy }) => {
    const line = `  ${colours[level](level.padEnd(7))}  ${subject.padEnd(subjectWidth)}  ${indented(text, indent)}\n`;
    return remedy === null
      ? line
      : `${line}${" ".repeat(indent)}${paint.strong("do:")} ${indented(remedy, indent + 4)}\n`;
  });
  const count = (level: CheckResult["level"]) => results.filter((result) => result.level === level).length;
  const verdict = `${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}`;
  return [
    `${paint.strong("Settings")}\n`,
    ...settingLines,
    `\n${paint.strong("Checks")}\n`,
    ...resultLines,
    `\n${count("error") > 0 ? paint.bad(verdict) : paint.good(verdict)}\n`,
  ].join("");
}

function plural(n: number, word: string): string {
  return `${n === 0 ? "no" : n} ${word}${n === 1 ? "" : "s"}`;
}
