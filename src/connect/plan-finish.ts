import { oneLine } from "../platform/text.ts";
import { isHeld, isOurs } from "./connection.ts";
import type { OwnWebhook } from "./connection.ts";
import { heldWebhooks } from "./plan.ts";
import { isUsed, note } from "./steps.ts";
import type { ConnectPlan, Known, Line, Step } from "./steps.ts";

/** ElevenLabs tries a transcript again for 40.5 minutes, maybe with the signature that it had first. */
const RETRIES_SECONDS = 45 * 60;

const tooEarly: Line = {
  subject: "rotation",
  verb: "note",
  text: "less than 45 minutes old: transcripts that ElevenLabs tries again may have the old signature, and be refused",
};

/**
 * Says what is to be done to end a rotation or a replacement: the webhooks before the last and their secrets go, unless
 * something uses them still, such as one agent.
 */
export function planFinish(known: Known): ConnectPlan {
  const { settings, connection, secrets, secretFile } = known;
  const newest = heldWebhooks(known).at(-1);
  if (newest === undefined || settings.postCallWebhookId !== newest.webhook_id) {
    return {
      kind: "refused",
      problem: "The workspace's settings do not name the newest webhook: run connect first",
    };
  }
  const old = connection.webhooks.filter((own) => own !== newest);
  const fates = old.map((own) => ({ own, fate: fateOf(own, known) }));
  const gone = fates.filter(({ fate }) => !fate.isKept).map(({ own }) => own);
  const stranger = strangersSecret(known);
  const left = secrets.filter(
    (secret) => secret !== stranger.secret && !gone.some((own) => isHeld(own, [secret])),
  );

  const steps = [...fates.flatMap(({ fate }) => fate.step ?? []), ...stranger.notes];
  if (left.length < secrets.length) {
    if (known.nowSeconds - newest.created_at < RETRIES_SECONDS) steps.unshift(note(tooEarly));
    const number = secrets.length - left.length;
    const text = `${number} of ${secrets.length} out of ${secretFile}`;
    steps.push({
      line: { subject: "secret", verb: "delete", text },
      action: { kind: "keep secrets", secrets: left },
    });
    steps.push(reloadStep(known));
  }
  const webhookIds = gone.map(({ webhook_id }) => webhook_id);
  if (gone.length > 0 || stranger.secret !== null) {
    const text = "nothing is left of the webhooks before";
    steps.push({
      line: { subject: "rotation", verb: "ok", text },
      action: { kind: "forget", webhookIds, replaced: stranger.isLeft ? connection.replaced : [] },
    });
  } else if (steps.length === 0) {
    steps.push(note({ subject: "rotation", verb: "ok", text: "nothing is left to finish" }));
  }
  return { kind: "plan", steps, webhookId: newest.webhook_id };
}

function reloadStep({ reload, secretFile }: Known): Step {
  if (reload !== "by hand") {
    const text = "so that it forgets the secret";
    return { line: { subject: "receiver", verb: "reload", text }, action: { kind: "reload" } };
  }
  const text = `give the receiver the secrets in ${secretFile} and reload or restart it`;
  return note({ subject: "receiver", verb: "wait", text, isProblem: true });
}

/** What becomes of a webhook of ours. */
function fateOf(own: OwnWebhook, known: Known): { isKept: boolean; step: Step | null } {
  const webhook = known.webhooks.find(({ webhookId }) => webhookId === own.webhook_id);
  if (webhook === undefined) return { isKept: false, step: null };
  const used = isUsed(webhook, known);
  const name = `"${oneLine(webhook.name)}"`;
  if (used === false) {
    const line = { subject: "webhook", verb: "delete", text: `${name}, which is not used any more` } as const;
    return {
      isKept: false,
      step: { line, action: { kind: "delete", webhookId: own.webhook_id, isHeld: true } },
    };
  }
  const text =
    used === true
      ? `${name} and its secret: in use by ${(webhook.usages ?? []).map(oneLine).join(", ")}`
      : `${name} and its secret: this key does not see whether it is used. Take an administrator's, or delete it in the dashboard and run this again`;
  return {
    isKept: true,
    step: note({ subject: "webhook", verb: "keep", text, isProblem: true }),
  };
}

/** The secret of somebody else's webhook that was replaced, if it is certain which one it is. */
function strangersSecret(known: Known): { secret: string | null; isLeft: boolean; notes: Step[] } {
  const { connection, secrets, secretFile, webhooks } = known;
  const others = secrets.filter((secret) => !connection.webhooks.some((own) => isHeld(own, [secret])));
  if (others.length === 0 || connection.replaced.length === 0)
    return { secret: null, isLeft: false, notes: [] };
  const replaced = webhooks.filter(
    (webhook) => connection.replaced.includes(webhook.webhookId) && !isOurs(webhook, connection),
  );
  const kept = replaced.filter((webhook) => isUsed(webhook, known) !== false);
  const notes = replaced.map((webhook) =>
    note({
      subject: "webhook",
      verb: "keep",
      text: `"${oneLine(webhook.name)}", which connect has not made: delete it in the dashboard if nothing uses it`,
      ...(kept.includes(webhook) ? { isProblem: true } : {}),
    }),
  );
  const [secret = null] = others;
  if (kept.length === 0 && others.length === 1) return { secret, isLeft: false, notes };
  if (kept.length > 0) return { secret: null, isLeft: true, notes };
  const text = `${secretFile} holds ${others.length} secrets that connect has not written: remove by hand what is not used`;
  return {
    secret: null,
    isLeft: true,
    notes: [...notes, note({ subject: "secret", verb: "keep", text, isProblem: true })],
  };
}
