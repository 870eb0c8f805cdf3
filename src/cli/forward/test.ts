import { valueOf } from "../../config/config.ts";
import { createCourier } from "../../forward/attempt.ts";
import type { AttemptOutcome } from "../../forward/attempt.ts";
import type { Destination } from "../../forward/destination.ts";
import { trialMessage } from "../../forward/trial.ts";
import { oneLine } from "../../platform/text.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { findSettings } from "../settings.ts";
import { createPaint } from "../terminal.ts";
import type { Paint } from "../terminal.ts";
import { findDestination, grouped } from "./terms.ts";

const ANSWER_CHARS_MAX = 1000;

/** Sends a destination one sample, by all rules, and shows request and answer. Nothing is stored, and no place is moved. */
export async function test(given: Given, context: CommandContext): Promise<number> {
  const found = findDestination(given, context);
  if (!found.ok) return refuse(context, found.problem, found.status);
  const { destination } = found;
  const settings = findSettings(context);
  const publicUrl = settings.ok ? valueOf(settings.value.publicUrl, null) : null;
  const { clock, environment } = context;
  const { type, message } = await trialMessage(destination, { publicUrl, nowMs: clock.nowMs() });
  const courier = createCourier(destination, { environment });
  const startedMs = clock.monotonicMs();
  const outcome = await courier.send(message);
  courier.close();
  const byteCount = message.body instanceof Uint8Array ? message.body.byteLength : message.body.size;
  const about = { type, id: message.id, byteCount, durationMs: clock.monotonicMs() - startedMs };
  context.writeOut(report(destination, about, { outcome, paint: createPaint(context) }));
  return outcome.kind === "taken" ? exitStatus.ok : exitStatus.failure;
}

type Sent = { type: string; id: string; byteCount: number; durationMs: number };

function report(
  { url, host, keys, payload }: Destination,
  { type, id, byteCount, durationMs }: Sent,
  { outcome, paint }: { outcome: AttemptOutcome; paint: Paint },
): string {
  const { protocol } = new URL(url);
  const lines = [
    // Path, query and headers are secrets.
    `${paint.strong(`POST ${protocol}//${host}`)} ${paint.faint("(with the path of the file)")}`,
    field("event", `a sample of ${type} (${payload}), ${grouped(byteCount)} bytes, webhook-id ${id}`),
    field("signed", signedText(keys.length)),
  ];
  if (outcome.kind === "called off") return `${lines.join("\n")}\n`;
  const took = paint.faint(`in ${Math.round(durationMs)} ms`);
  const colour = outcome.kind === "taken" ? paint.good : paint.bad;
  const status = outcome.status === null ? "none" : String(outcome.status);
  lines.push(field("answer", `${colour(status)} ${took}`));
  const answer = oneLine(outcome.answer).trim().slice(0, ANSWER_CHARS_MAX);
  if (answer !== "") lines.push(field("", answer));
  lines.push(field("result", resultText(outcome, paint)));
  return `${lines.join("\n")}\n`;
}

function signedText(keyCount: number): string {
  if (keyCount === 0) return "no: this destination has no secret";
  return keyCount === 1 ? "with 1 secret" : `with ${keyCount} secrets, a signature for each`;
}

function resultText(outcome: Exclude<AttemptOutcome, { kind: "called off" }>, paint: Paint): string {
  if (outcome.kind === "taken") return paint.good("taken");
  if (outcome.kind === "gone")
    return `${paint.bad("refused for good")}: after an answer of 410 a destination gets nothing more`;
  return `${paint.bad("not taken")}: ${outcome.problem}`;
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(7)}  ${text}`;
}
