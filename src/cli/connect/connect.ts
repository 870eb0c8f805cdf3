import { checkAddress, webhookAddress } from "../../connect/address.ts";
import { carryOut } from "../../connect/carry-out.ts";
import { newNonce, parseConnection } from "../../connect/connection.ts";
import type { ConnectionRecord } from "../../connect/connection.ts";
import { filesAt, readSecrets, readSmall, UnusableFileError } from "../../connect/files.ts";
import { AnotherRunError, keepOthersOut } from "../../connect/only-one.ts";
import { planEnable } from "../../connect/plan-enable.ts";
import { planFinish } from "../../connect/plan-finish.ts";
import { planConnection } from "../../connect/plan.ts";
import { readWorkspace } from "../../connect/read.ts";
import type { Workspace } from "../../connect/read.ts";
import { statusLines } from "../../connect/status.ts";
import type { Known, ConnectPlan } from "../../connect/steps.ts";
import { valueOf } from "../../config/config.ts";
import { options } from "../../config/options.ts";
import { faultText } from "../../platform/faults.ts";
import type { Parsed } from "../../platform/parsed.ts";
import type { CommandContext } from "../../platform/process.ts";
import { RestError } from "../../vendor/rest/fault.ts";
import type { RestClient } from "../../vendor/rest/port.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Command, Given } from "../command.ts";
import { readKey } from "./key.ts";
import { offerRecovery } from "./offer-recovery.ts";
import { findPlace } from "./place.ts";
import type { Place } from "./place.ts";
import { dryText, lineText, statusText } from "./report.ts";

const STATUS = "status";

/** Connects the ElevenLabs workspace with this receiver. */
export const connect: Command = {
  name: "connect",
  summary: "connect ElevenLabs: webhook, secret, events, retries",
  examples: [
    {
      line: "connect https://hooks.example.com/webhook --dry-run",
      does: "print what it would change, here and at ElevenLabs",
    },
    {
      line: "connect https://hooks.example.com/webhook",
      does: "connect; run it again if it was interrupted",
    },
    { line: "connect status", does: "whether ElevenLabs delivers, and its last failure" },
    { line: "connect --rotate", does: "a new webhook with a new secret; the old secret stays valid" },
    { line: "connect --finish", does: "end the rotation: delete the old webhook and its secret" },
    { line: "connect --enable", does: "enable a webhook that ElevenLabs has disabled" },
  ],
  arguments: [
    {
      argument: "[address]",
      key: "address",
      description: "of the webhook, or status (default: as before, or below PUBLIC_URL)",
    },
  ],
  flags: [
    { key: "dryRun", flag: "--dry-run", description: "only print what it would do, with every request" },
    {
      key: "replace",
      flag: "--replace",
      description: "replace a post-call webhook that connect has not made",
    },
    { key: "rotate", flag: "--rotate", description: "put a new webhook with a new secret in place" },
    {
      key: "finish",
      flag: "--finish",
      description: "delete what a rotation has replaced, if nothing uses it",
    },
    { key: "enable", flag: "--enable", description: "enable the workspace's post-call webhook again" },
    {
      key: "secretTo",
      flag: "--secret-to <file>",
      description: "store the secret in this file, for a receiver that is reloaded by hand",
    },
  ],
  notes: `The API key of a workspace admin is asked for, or comes from a pipe or from ELEVENLABS_API_KEY in the environment of this
command. It is stored nowhere. The secret is stored in the receiver's file and never printed.
Exit status: 0 connected, 1 not connected or something is left to do, 64 wrong usage, 78 faulty configuration.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const modes = [given.address === STATUS, given.rotate, given.finish, given.enable];
  if (modes.filter((mode) => mode !== undefined && mode !== false).length > 1)
    return refuse(context, "status, --rotate, --finish and --enable exclude each other", "usage");
  const place = findPlace(given, context);
  if (!place.ok) return refuse(context, place.problem, "config");
  const key = await readKey(context);
  if (!key.ok) return refuse(context, key.problem, "usage");
  return connectWith(key.value, place.value, given, context);
}

/** Connects the receiver at a place, or does what else was asked for. */
export async function connectWith(
  key: string,
  place: Place,
  given: Given,
  context: CommandContext,
): Promise<number> {
  let letOthersIn = () => {};
  try {
    if (given.address !== STATUS) letOthersIn = keepOthersOut(place.connection);
    const connection = parseConnection(await readSmall(place.connection));
    if (!connection.ok) return refuse(context, `${place.connection}: ${connection.problem}`, "config");
    const url = addressFor(given, place, connection.value);
    if (!url.ok && given.address !== STATUS) return refuse(context, url.problem, "usage");
    const api = place.settings.vendorApiUrl.parsed;
    if (!api.ok) return refuse(context, `${options.vendorApiUrl.name}: ${api.problem}`, "config");
    const { loadRestClient } = await import("../../vendor/rest/load.ts");
    const client = await loadRestClient({ key, url: api.value });
    return await act({ client, place, given, context, connection: connection.value, url });
  } catch (error) {
    const isOurs = [RestError, UnusableFileError, AnotherRunError].some((kind) => error instanceof kind);
    const problem = isOurs && error instanceof Error ? error.message : faultText(error);
    return refuse(context, problem, "failure");
  } finally {
    letOthersIn();
  }
}

type Task = {
  client: RestClient;
  place: Place;
  given: Given;
  context: CommandContext;
  connection: ConnectionRecord;
  url: Parsed<string>;
};

async function act(task: Task): Promise<number> {
  const { client, place, given, context, connection, url } = task;
  const workspace = await readWorkspace(client);
  const known: Known = {
    ...workspace,
    connection,
    secrets: await readSecrets(place.secret),
    secretFile: place.secret,
    reload: place.reload,
    nowSeconds: Math.floor(context.clock.nowMs() / 1000),
  };
  if (given.address === STATUS) {
    const lines = statusLines(known, url.ok ? url.value : null);
    context.writeOut(lines.map((line) => statusText(line, context)).join(""));
    return lines.some(({ isProblem }) => isProblem === true) ? exitStatus.failure : exitStatus.ok;
  }
  if (!url.ok) return refuse(context, url.problem, "usage");
  if (workspace.rights === "no webhooks") {
    return refuse(
      context,
      "The API key may not manage webhooks: add webhooks_write to it at ElevenLabs",
      "failure",
    );
  }
  if (given.finish === undefined && given.enable === undefined) {
    const address = await checkAddress(url.value, context.clock);
    context.writeOut(lineText({ subject: "key", verb: "ok", text: keyText(workspace) }, "planned", context));
    const verb = address.ok ? "ok" : "error";
    const text = address.ok ? address.value : address.problem;
    const line = {
      subject: "address",
      verb,
      text,
      ...(address.ok ? {} : { isProblem: true as const }),
    } as const;
    context.writeOut(lineText(line, "planned", context));
    if (!address.ok) return refuse(context, "Nothing was changed: the address has to work first.", "failure");
  }
  return carryOutOrShow(planFor(known, given, url.value), task);
}

function keyText({ rights }: Workspace): string {
  return rights === "all"
    ? "reads webhooks, their uses and settings"
    : "reads webhooks and settings; only an administrator's sees what uses a webhook";
}

function planFor(known: Known, given: Given, url: string): ConnectPlan {
  if (given.finish !== undefined) return planFinish(known);
  if (given.enable !== undefined) return planEnable(known, url);
  return planConnection(known, {
    url,
    isRotation: given.rotate !== undefined,
    mayReplace: given.replace !== undefined,
  });
}

async function carryOutOrShow(plan: ConnectPlan, task: Task): Promise<number> {
  const { client, place, given, context, connection } = task;
  if (plan.kind === "refused") return refuse(context, plan.problem, "failure");
  if (given.dryRun !== undefined) {
    context.writeOut(dryText(plan, context));
    return exitStatus.ok;
  }
  const problem = await carryOut(plan, connection, {
    client,
    files: filesAt(place),
    reload: place.reloadNow,
    nowSeconds: () => Math.floor(context.clock.nowMs() / 1000),
    newNonce,
    say: (line) => context.writeOut(lineText(line, "done", context)),
  });
  if (problem !== null) return refuse(context, problem, "failure");
  if (given.finish === undefined && given.enable === undefined) {
    const notSetUp = await offerRecovery(place, context);
    if (notSetUp !== null) return refuse(context, notSetUp, "failure");
  }
  return plan.steps.some(({ line }) => line.isProblem === true) ? exitStatus.failure : exitStatus.ok;
}

/** As typed, as before, or below PUBLIC_URL. */
function addressFor(given: Given, { settings }: Place, { webhooks }: ConnectionRecord): Parsed<string> {
  if (given.address !== undefined && given.address !== STATUS) return webhookAddress(given.address);
  const publicUrl = valueOf(settings.publicUrl, null);
  const known = webhooks.at(-1)?.url ?? (publicUrl === null ? null : `${publicUrl}/webhook`);
  if (known !== null) return webhookAddress(known);
  return { ok: false, problem: "Name the webhook's address: connect https://your.host/webhook" };
}
