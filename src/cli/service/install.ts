import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPort } from "../../checks/port.ts";
import type { Parsed } from "../../platform/parsed.ts";
import { notOfOneMachine } from "../../config/data.ts";
import { options } from "../../config/options.ts";
import { isGiven } from "../../config/sources.ts";
import { errorCode, hasCode } from "../../platform/errors.ts";
import { settingsIn } from "../../service/environment-file.ts";
import { compareFiles } from "../../service/files.ts";
import { installService } from "../../service/install.ts";
import { webhookAddress } from "../../connect/address.ts";
import { systemdOf } from "../../service/machine.ts";
import { paths } from "../../service/paths.ts";
import { planInstall } from "../../service/plan.ts";
import type { Plan, Present } from "../../service/plan.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Given } from "../command.ts";
import type { CommandContext, Machine } from "../../platform/process.ts";
import { connectWith } from "../connect/connect.ts";
import { readKey } from "../connect/key.ts";
import { findPlace } from "../connect/place.ts";
import {
  publicUrlOf,
  readApiKey,
  readApiToken,
  readSecret,
  settingsOf,
  tlsFilesOf,
  askForSenders,
} from "./input.ts";
import { findSettings, settingSources } from "../settings.ts";
import { failureText, fileLines, nextSteps } from "./report.ts";

/** Installs or upgrades the service, or says why not; then nothing has changed. */
export async function install(given: Given, context: CommandContext): Promise<number> {
  const { machine, environment, clock } = context;
  const systemd = systemdOf(machine, environment.PATH);
  const { executable } = machine;
  if (executable === null) return refuse(context, "Only the compiled program can be installed", "failure");
  if (!machine.isRoot) return refuse(context, "This needs root: run it with sudo", "failure");
  const isDry = given.dryRun !== undefined;
  const problem = systemd.problem();
  if (problem !== null && !isDry) return refuse(context, problem, "failure");
  const shared = findSettings(context);
  if (shared.ok && isGiven(shared.value.databaseUrl)) {
    const what = `${options.databaseUrl.name}: ${notOfOneMachine("the service keeps")}. Nothing was changed`;
    return refuse(context, what, "config");
  }
  const connection = await readConnectionWish(given, context);
  if (!connection.ok) return refuse(context, `${connection.problem}. Nothing was changed`, "usage");

  try {
    const present = presentFiles(machine);
    const planned = await plan(given, { present, executable }, context);
    if (!planned.ok) return refuse(context, planned.problem, "config");
    const { files, warnings, config } = planned.value;
    // Its own port is taken by the service itself.
    const isOwnPort = systemd.isActive() && config.port === portIn(present);
    const { level, text } = checkPort(config.host, config.port);
    if (level === "error" && !isOwnPort) {
      return refuse(context, `Port ${text}: stop it, or choose another port with --port`, "failure");
    }
    if (problem !== null) context.writeError(`Warning: ${problem}\n`);
    for (const warning of warnings) context.writeError(`Warning: ${warning}\n`);
    const compared = compareFiles(machine.root, files);
    if (isDry) {
      context.writeOut(`${fileLines(compared, "to come", context)}Nothing was done.\n`);
      return exitStatus.ok;
    }

    const installed = installService({ machine, systemd, files: compared, nowMs: clock.nowMs() });
    if (installed.kind === "failed") {
      return refuse(context, failureText(installed), "failure");
    }
    context.writeOut(fileLines(compared, "done", context));
    const isConnecting = connection.value !== null;
    context.writeOut(nextSteps({ ...installed, ...planned.value, isConnecting }));
    return connection.value === null ? exitStatus.ok : await connectService(connection.value, context);
  } catch (error) {
    return refuse(context, `${errorText(error)}. Nothing was changed`, "failure");
  }
}

type ConnectionWish = { address: string; key: string };

/** The key is asked for first: without it nothing is installed. null: not to be connected now. */
async function readConnectionWish(
  { connect, dryRun }: Given,
  context: CommandContext,
): Promise<Parsed<ConnectionWish | null>> {
  if (connect === undefined) return { ok: true, value: null };
  const address = webhookAddress(connect);
  if (!address.ok) return address;
  if (dryRun !== undefined) return { ok: true, value: null };
  const key = await readKey(context);
  return key.ok ? { ok: true, value: { address: address.value, key: key.value } } : key;
}

async function connectService({ address, key }: ConnectionWish, context: CommandContext): Promise<number> {
  const place = findPlace({}, context);
  if (!place.ok) return refuse(context, place.problem, "failure");
  context.writeOut(`\nConnecting ElevenLabs with ${address}\n`);
  return connectWith(key, place.value, { address }, context);
}

async function plan(
  given: Given,
  { present, executable }: { present: Present; executable: string },
  context: CommandContext,
): Promise<Parsed<Plan>> {
  const tls = tlsFilesOf(given, context);
  if (!tls.ok) return tls;
  const secret = await readSecret(given, present.secret !== null, context);
  if (!secret.ok) return secret;
  const apiToken = readApiToken(given, present.apiToken !== null, context);
  if (!apiToken.ok) return apiToken;
  const apiKey = readApiKey(given, context);
  if (!apiKey.ok) return apiKey;
  const senders = await askForSenders(given, present.environment === null, context);
  if (!senders.ok) return senders;
  const request = {
    settings: new Map([...publicUrlOf(given), ...settingsOf(given), ...senders.value]),
    secret: secret.value,
    apiToken: apiToken.value,
    apiKey: apiKey.value,
    isPublic: given.public !== undefined,
    tls: tls.value,
  };
  const planned = planInstall(request, present, {
    executable: readFileSync(executable),
    sources: settingSources(context),
  });
  if (planned.ok) return planned;
  return {
    ok: false,
    problem: `Nothing was changed:\n${planned.problem.map((problem) => `  ${problem}`).join("\n")}`,
  };
}

function presentFiles({ root }: Machine): Present {
  const read = (path: string) => {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return null;
      throw error;
    }
  };
  return {
    environment: read(paths.environment),
    secret: read(paths.secret),
    apiToken: read(paths.apiToken),
    unit: read(paths.unit),
  };
}

function portIn({ environment }: Present): number {
  return Number(settingsIn(environment ?? "")[options.port.name] ?? options.port.default);
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const path = "path" in error ? `${String(error.path)}: ` : "";
  return `${path}${errorCode(error)}`;
}
