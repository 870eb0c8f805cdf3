import { oneLine } from "../platform/text.ts";
import { isHeld, isOurs } from "./connection.ts";
import { missingEvents } from "./settings.ts";
import type { Known, Line } from "./steps.ts";

/** What connects the workspace with this receiver, and what is wrong with it. */
export function statusLines(known: Known, url: string | null): Line[] {
  const { settings } = known;
  return [
    webhookLine(known, url),
    ...secretLine(known),
    eventsLine(settings.events),
    { subject: "agents", verb: "note", text: "may override this: see the dashboard" },
  ];
}

function webhookLine(known: Known, url: string | null): Line {
  const { settings, webhooks, connection } = known;
  const id = settings.postCallWebhookId;
  const problem = (text: string): Line => ({ subject: "webhook", verb: "error", text, isProblem: true });
  if (id === null) return problem("none: run connect");
  const found = webhooks.find(({ webhookId }) => webhookId === id);
  if (found === undefined) {
    return { subject: "webhook", verb: "note", text: `${oneLine(id)}; this key may not see its state` };
  }
  const name = `${oneLine(id)}${isOurs(found, connection) ? "" : `, "${oneLine(found.name)}"`}`;
  if (found.isAutoDisabled)
    return problem(`disabled by ElevenLabs (${name})${failureText(found)}: run connect --enable`);
  if (found.isDisabled)
    return problem(`disabled by hand (${name})${failureText(found)}: run connect --enable`);
  if (url !== null && found.url !== url) return problem(`delivers to another address (${name}): run connect`);
  return { subject: "webhook", verb: "ok", text: `enabled (${name})${failureText(found)}` };
}

function failureText(webhook: { lastFailureStatus: number | null; lastFailureAt: number | null }): string {
  const { lastFailureStatus, lastFailureAt } = webhook;
  if (lastFailureStatus === null && lastFailureAt === null) return "";
  const at = lastFailureAt === null ? "" : `, ${new Date(lastFailureAt * 1000).toISOString().slice(0, 19)}Z`;
  return `, last failure ${lastFailureStatus ?? "unknown"}${at}`;
}

/** Only of our own webhooks it is known which secret is theirs. */
function secretLine({ settings, connection, secrets, secretFile }: Known): Line[] {
  const own = connection.webhooks.find(({ webhook_id }) => webhook_id === settings.postCallWebhookId);
  if (own === undefined) return [];
  if (isHeld(own, secrets)) return [{ subject: "secret", verb: "ok", text: secretFile }];
  const text = `not in ${secretFile}: run connect`;
  return [{ subject: "secret", verb: "error", text, isProblem: true }];
}

function eventsLine(events: readonly string[]): Line {
  const missing = missingEvents(events);
  const text = events.length === 0 ? "none" : events.map(oneLine).join(", ");
  if (missing.length === 0) return { subject: "events", verb: "ok", text };
  return {
    subject: "events",
    verb: "error",
    text: `${text}; without ${missing.join(", ")}: run connect`,
    isProblem: true,
  };
}
