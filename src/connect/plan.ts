import { SECRETS_MAX } from "../config/values.ts";
import { oneLine } from "../platform/text.ts";
import type { RestWebhook } from "../vendor/rest/port.ts";
import { isHeld, isOurs } from "./connection.ts";
import type { OwnWebhook } from "./connection.ts";
import { missingEvents, WANTED_EVENTS } from "./settings.ts";
import { isUsed, note } from "./steps.ts";
import type { ConnectPlan, Known, Line, Step } from "./steps.ts";

export type Wishes = {
  /** Of the webhook. */
  url: string;
  /** Another webhook takes the place of the one that is there. */
  isRotation: boolean;
  /** Somebody else's post-call webhook may be replaced. */
  mayReplace: boolean;
};

/**
 * Says what is to be done to be connected. The settings are changed last: at no moment do they name a webhook whose secret
 * the receiver does not hold.
 */
export function planConnection(known: Known, wishes: Wishes): ConnectPlan {
  const { settings, webhooks, connection, secrets } = known;
  const current = currentWebhook(known);
  if (current.isForeign && !wishes.mayReplace) {
    return refused(
      `The workspace's post-call webhook is ${current.name}, which connect has not made: give --replace to put another in its place`,
    );
  }
  const held = heldWebhooks(known);
  const newest = held.at(-1);
  const usable = newest?.url === wishes.url ? newest : undefined;
  const isNew = usable === undefined || (wishes.isRotation && usable.webhook_id === current.id);
  if (wishes.isRotation && isNew && held.length > 1) {
    return refused("An earlier rotation is not finished: run connect --finish, then --rotate");
  }
  if (isNew && secrets.length >= SECRETS_MAX) {
    return refused(
      `${known.secretFile} holds ${secrets.length} secrets, no more are possible: run connect --finish`,
    );
  }
  const lost = webhooks.filter(
    (webhook) =>
      isOurs(webhook, connection) && !held.some(({ webhook_id }) => webhook_id === webhook.webhookId),
  );
  const target = isNew ? null : usable;
  const before = lost.map((webhook) => stepForLost(webhook, known));
  const found = webhooks.find((webhook) => webhook.webhookId === target?.webhook_id) ?? null;
  const first = [...before, webhookStep(found, wishes), ...secretSteps(target, known)];
  const webhookId = target?.webhook_id ?? null;
  // Nothing is asked of a webhook that is off, and nothing named that the receiver may not know yet.
  if (first.some(({ line }) => line.isProblem === true)) return { kind: "plan", steps: first, webhookId };

  const replaced = current.isForeign ? current.id : null;
  const last = [
    retriesStep(target, found),
    settingsStep({ events: settings.events, webhookId, current, replaced }),
  ];
  const isOldLeft =
    held.length > (target === null ? 0 : 1) || replaced !== null || connection.replaced.length > 0;
  if (isOldLeft) last.push(note(oldSecrets));
  return { kind: "plan", steps: [...first, ...last], webhookId };
}

const oldSecrets: Line = {
  subject: "rotation",
  verb: "note",
  text: "the secrets before stay valid; when an hour has passed, run connect --finish",
};

function refused(problem: string): ConnectPlan {
  return { kind: "refused", problem };
}

type Current = { id: string | null; name: string; isForeign: boolean };

/** What the settings name now. */
function currentWebhook({ settings, webhooks, connection }: Known): Current {
  const id = settings.postCallWebhookId;
  if (id === null) return { id, name: "none", isForeign: false };
  const found = webhooks.find(({ webhookId }) => webhookId === id) ?? { webhookId: id, name: id };
  return {
    id,
    name: `"${oneLine(found.name)}" (${oneLine(id)})`,
    isForeign: !isOurs(found, connection),
  };
}

/** Our webhooks that are at ElevenLabs and whose secrets are here, oldest first. */
export function heldWebhooks({ webhooks, connection, secrets }: Known): OwnWebhook[] {
  const ids = new Set(webhooks.map(({ webhookId }) => webhookId));
  return connection.webhooks.filter((own) => ids.has(own.webhook_id) && isHeld(own, secrets));
}

/** Of ours, and nobody has its secret: a run was ended before it was stored. */
function stepForLost(webhook: RestWebhook, known: Known): Step {
  const name = `"${oneLine(webhook.name)}"`;
  const used = isUsed(webhook, known);
  if (used === false) {
    const text = `${name}, which is not used and whose secret nobody has`;
    return {
      line: { subject: "webhook", verb: "delete", text },
      action: { kind: "delete", webhookId: webhook.webhookId, isHeld: false },
    };
  }
  const why = used === true ? "is in use" : "may be in use: this key does not see that";
  return note({
    subject: "webhook",
    verb: "keep",
    text: `${name}, whose secret nobody has, since it ${why}. Delete it in the dashboard`,
  });
}

function webhookStep(found: RestWebhook | null, { url }: Wishes): Step {
  if (found === null) {
    const text = `"elevenlabs-webhook ${new URL(url).host}"`;
    return { line: { subject: "webhook", verb: "create", text }, action: { kind: "create", url } };
  }
  if (!found.isDisabled && !found.isAutoDisabled)
    return note({ subject: "webhook", verb: "ok", text: `enabled (${found.webhookId})` });
  return note({
    subject: "webhook",
    verb: "error",
    text: `disabled (${found.webhookId}): find out why, then run connect --enable`,
    isProblem: true,
  });
}

function secretSteps(target: OwnWebhook | null, { settings, secretFile, reload }: Known): Step[] {
  const isByHand = reload === "by hand";
  const steps: Step[] = [];
  if (target === null) {
    const text = isByHand ? secretFile : `${secretFile}, then reload`;
    steps.push({ line: { subject: "secret", verb: "write", text }, action: { kind: "store secret" } });
  } else if (settings.postCallWebhookId === target.webhook_id || (isByHand && target.is_handed_over)) {
    return [note({ subject: "secret", verb: "ok", text: secretFile })];
  }
  if (isByHand) {
    const text = `give the receiver the secrets in ${secretFile} and reload or restart it, then run the same command again`;
    steps.push({
      line: { subject: "receiver", verb: "wait", text, isProblem: true },
      action: { kind: "hand over" },
    });
    return steps;
  }
  const line = { subject: "receiver", verb: "reload", text: "so that it knows the secret" } as const;
  steps.push({ line, action: { kind: "reload" } });
  return steps;
}

function retriesStep(target: OwnWebhook | null, found: RestWebhook | null): Step {
  const text = "transcripts only; ElevenLabs never retries recordings";
  if (target?.has_retries === true) return note({ subject: "retries", verb: "ok", text });
  return {
    line: { subject: "retries", verb: "on", text },
    action: { kind: "retries", name: found?.name ?? null },
  };
}

function settingsStep(options: {
  events: readonly string[];
  webhookId: string | null;
  current: Current;
  replaced: string | null;
}): Step {
  const { events, webhookId, current, replaced } = options;
  const missing = missingEvents(events);
  const isNamed = webhookId !== null && current.id === webhookId;
  if (isNamed && missing.length === 0) {
    return note({
      subject: "settings",
      verb: "ok",
      text: `post-call webhook: this one; events ${WANTED_EVENTS.join(", ")}`,
    });
  }
  const webhook = isNamed ? "this one" : `${current.name} -> this one`;
  const added = missing.length === 0 ? "as they are" : `+ ${missing.join(", ")}`;
  return {
    line: { subject: "settings", verb: "change", text: `post-call webhook: ${webhook}; events ${added}` },
    action: { kind: "settings", before: current.id, replaced },
  };
}
