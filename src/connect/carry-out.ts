import type { CreatedWebhook, RestClient } from "../vendor/rest/port.ts";
import { RestError } from "../vendor/rest/fault.ts";
import { markOf, nameFor, withoutPending, withPending } from "./connection.ts";
import type { ConnectionRecord, OwnWebhook } from "./connection.ts";
import { differences, settingsFor } from "./settings.ts";
import type { Action, Line, ConnectPlan } from "./steps.ts";

/** What a plan is carried out with. */
export type Tools = {
  client: RestClient;
  files: ConnectionFiles;
  /** Has the receiver read its secrets again; returns why it has not, or null. */
  reload: () => Promise<string | null>;
  nowSeconds: () => number;
  newNonce: () => string;
  /** Called with each line once it is true. */
  say: (line: Line) => void;
};

/** The two files. What a method has written is on disk when it returns. */
export type ConnectionFiles = {
  /** Throws if the secret's file can't be replaced; it is as it was afterwards. */
  proveWritable: () => Promise<void>;
  /** Without a placeholder. */
  readSecrets: () => Promise<string[]>;
  writeSecrets: (secrets: readonly string[]) => Promise<void>;
  writeConnection: (connection: ConnectionRecord) => Promise<void>;
};

/** Ends a run; what was done until then stays, and the next run goes on from there. */
class Stopped extends Error {
  override readonly name = "Stopped";
}

/**
 * Carries out the steps of a plan, one after the other. It may be ended at every moment: the next plan is made from what
 * is there then.
 *
 * @returns why it has stopped, or null
 * @throws what a file system says
 */
export async function carryOut(
  plan: Extract<ConnectPlan, { kind: "plan" }>,
  connection: ConnectionRecord,
  tools: Tools,
): Promise<string | null> {
  const run = { ...tools, connection, webhookId: plan.webhookId, secret: null };
  try {
    for (const { line, action } of plan.steps) {
      // What the operator is told to do is said before it is remembered that it was.
      if (action?.kind === "hand over") tools.say(line);
      if (action !== null) await take(action, run);
      if (action?.kind !== "hand over") tools.say(line);
    }
    return null;
  } catch (error) {
    if (error instanceof Stopped || error instanceof RestError) return error.message;
    throw error;
  }
}

type Run = Tools & { connection: ConnectionRecord; webhookId: string | null; secret: string | null };

async function take(action: Action, run: Run): Promise<void> {
  switch (action.kind) {
    case "delete":
      return deleteWebhook(action, run);
    case "create":
      return create(action.url, run);
    case "store secret":
      return storeSecret(run);
    case "reload":
      return reload(run);
    case "hand over":
      return changeOwn(run, { is_handed_over: true });
    case "retries":
      return switchRetriesOn(action.name, run);
    case "enable":
      return enable(action, run);
    case "settings":
      return changeSettings(action, run);
    case "keep secrets":
      return run.files.writeSecrets(action.secrets);
    case "forget":
      return forget(action, run);
    default:
      return action satisfies never;
  }
}

async function remember(run: Run, connection: ConnectionRecord): Promise<void> {
  await run.files.writeConnection(connection);
  run.connection = connection;
}

async function deleteWebhook(
  { webhookId, isHeld }: Extract<Action, { kind: "delete" }>,
  run: Run,
): Promise<void> {
  try {
    await run.client.deleteWebhook(webhookId);
  } catch (error) {
    if (!(error instanceof RestError) || error.fault.kind !== "not_found") throw error;
  }
  const { replaced } = run.connection;
  if (!isHeld) await forget({ webhookIds: [webhookId], replaced }, run);
}

/** The nonce is on disk before the webhook exists, its id and mark before its secret is. */
async function create(url: string, run: Run): Promise<void> {
  await run.files.proveWritable();
  const nonce = run.newNonce();
  await remember(run, withPending(run.connection, nonce));
  const { webhookId, secret } = await post(url, nonce, run);
  if (secret === null) throw new Stopped("ElevenLabs has given no secret: run this again");
  const own: OwnWebhook = {
    webhook_id: webhookId,
    nonce,
    mark: markOf(webhookId, secret),
    url,
    created_at: run.nowSeconds(),
    has_retries: false,
    is_handed_over: false,
  };
  const settled = withoutPending(run.connection, nonce);
  await remember(run, { ...settled, webhooks: [...settled.webhooks, own] });
  run.webhookId = webhookId;
  run.secret = secret;
}

const REFUSALS = new Set([
  "unauthorized",
  "forbidden",
  "not_found",
  "unprocessable",
  "rate_limited",
  "refused",
]);

/** After a refusal there is no webhook; after any other failure there may be. */
async function post(url: string, nonce: string, run: Run): Promise<CreatedWebhook> {
  try {
    return await run.client.createWebhook({ name: nameFor(url, nonce), url });
  } catch (error) {
    if (error instanceof RestError && REFUSALS.has(error.fault.kind))
      await remember(run, withoutPending(run.connection, nonce));
    throw error;
  }
}

async function storeSecret({ files, secret }: Run): Promise<void> {
  if (secret === null) throw new Stopped("there is no new secret");
  await files.writeSecrets([...(await files.readSecrets()), secret]);
}

async function reload(run: Run): Promise<void> {
  const problem = await run.reload();
  if (problem !== null) {
    throw new Stopped(
      `The receiver is not reloaded, and the workspace's settings are as they were: ${problem}`,
    );
  }
}

async function changeOwn(run: Run, change: Partial<OwnWebhook>): Promise<void> {
  const webhooks = run.connection.webhooks.map((own) =>
    own.webhook_id === run.webhookId ? { ...own, ...change } : own,
  );
  await remember(run, { ...run.connection, webhooks });
}

async function switchRetriesOn(givenName: string | null, run: Run): Promise<void> {
  const own = run.connection.webhooks.find(({ webhook_id }) => webhook_id === run.webhookId);
  if (own === undefined) throw new Stopped("the webhook is not known");
  const name = givenName ?? nameFor(own.url, own.nonce);
  await run.client.patchWebhook(own.webhook_id, { isDisabled: false, name, isRetryEnabled: true });
  await changeOwn(run, { has_retries: true });
}

async function enable({ webhook, isOwn }: Extract<Action, { kind: "enable" }>, { client }: Run) {
  const { webhookId, name } = webhook;
  await client.patchWebhook(webhookId, {
    isDisabled: false,
    name,
    ...(isOwn ? { isRetryEnabled: true } : {}),
  });
  const found = (await client.listWebhooks("without usages")).find((one) => one.webhookId === webhookId);
  if (found === undefined || found.isDisabled || found.isAutoDisabled)
    throw new Stopped("ElevenLabs has not enabled it: do it in the dashboard");
}

/** Read again immediately before: someone may be at the dashboard. */
async function changeSettings(
  { before, replaced }: Extract<Action, { kind: "settings" }>,
  run: Run,
): Promise<void> {
  const { client, webhookId } = run;
  if (webhookId === null) throw new Stopped("the webhook is not known");
  const read = await client.getSettings();
  if (read.postCallWebhookId !== before)
    throw new Stopped("The workspace's post-call webhook has changed meanwhile: run this again");
  if (replaced !== null && !run.connection.replaced.includes(replaced)) {
    await remember(run, { ...run.connection, replaced: [...run.connection.replaced, replaced] });
  }
  const sent = settingsFor(read.value, read.events, webhookId);
  await client.patchSettings(sent);
  const after = await client.getSettings();
  if (after.postCallWebhookId !== webhookId)
    throw new Stopped("ElevenLabs has not taken the post-call webhook: choose it in the dashboard");
  const differing = differences(sent, after.value);
  if (differing.length === 0) return;
  throw new Stopped(
    `Connected, but ElevenLabs has changed other settings of the workspace, too: ${differing.join(", ")}. Look at them in the dashboard`,
  );
}

async function forget(
  { webhookIds, replaced }: { webhookIds: readonly string[]; replaced: readonly string[] },
  run: Run,
): Promise<void> {
  const webhooks = run.connection.webhooks.filter(({ webhook_id }) => !webhookIds.includes(webhook_id));
  await remember(run, { ...run.connection, webhooks, replaced: [...replaced] });
}
