import type { Facts } from "./facts.ts";
import type { Problem } from "./problem.ts";
import type { ConnectionStatus, DestinationStatus } from "./statuses.ts";
import { ago, counted } from "./words.ts";

/** So many ended calls in a row that came only by recovery are no coincidence. */
const ONLY_RECOVERED_MANY = 3;
/** A failed delivery counts this long: ElevenLabs keeps the last one for ever. */
const FAILURE_RECENT_MS = 24 * 60 * 60_000;
/** Fewer are on their way. */
const BEHIND_MANY = 1_000;

/** What is wrong at ElevenLabs, and at the systems that events are forwarded to. */
export function remoteProblems({ nowMs, recovery, connection, forward }: Facts): Problem[] {
  const found = connection === null ? [] : connectionProblems(connection, nowMs);
  if (recovery !== null && recovery.fault !== null) {
    found.push({ problem: "recovery_failing", ...recovery.fault });
  }
  if (recovery !== null && recovery.onlyRecoveredCount >= ONLY_RECOVERED_MANY) {
    found.push({
      problem: "calls_only_recovered",
      what: `ElevenLabs seems to have stopped calling: the last ${recovery.onlyRecoveredCount} calls arrived only by recovery`,
      remedy: "Find out why: elevenlabs-webhook connect status",
    });
  }
  return [...found, ...(forward?.destinations ?? []).flatMap(destinationProblems)];
}

/** Why ElevenLabs does not call, as far as it says; null if nothing keeps it from that. */
export function whyNotCalled(connection: ConnectionStatus | null, nowMs: number): string | null {
  const found = connection === null ? [] : connectionProblems(connection, nowMs);
  return found.find(({ problem }) => problem !== "webhook_failing")?.what ?? null;
}

function connectionProblems({ webhook, lastFailure }: ConnectionStatus, nowMs: number): Problem[] {
  const failure = failureText(lastFailure, nowMs);
  if (webhook === "disabled") {
    return [
      {
        problem: "webhook_disabled",
        what: `ElevenLabs has disabled the webhook${failure === null ? "" : ` (${failure})`}`,
        remedy: "Remove the cause, then: elevenlabs-webhook connect --enable",
      },
    ];
  }
  if (webhook === "not_connected") {
    return [
      {
        problem: "not_connected",
        what: "No webhook of ElevenLabs sends its events here",
        remedy: "Connect it: elevenlabs-webhook connect ADDRESS",
      },
    ];
  }
  const failedAtMs = lastFailure?.atMs ?? null;
  if (failure === null || failedAtMs === null || nowMs - failedAtMs > FAILURE_RECENT_MS) return [];
  return [
    {
      problem: "webhook_failing",
      what: `ElevenLabs could not deliver an event (${failure})`,
      remedy:
        "Look into the log at that time, and that of the proxy in front. Missed calls are fetched by recovery.",
    },
  ];
}

function failureText(failure: ConnectionStatus["lastFailure"], nowMs: number): string | null {
  if (failure === null) return null;
  const parts = [
    ...(failure.status === null ? [] : [`last failure ${failure.status}`]),
    ...(failure.atMs === null ? [] : [ago(nowMs - failure.atMs)]),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}

function destinationProblems(status: DestinationStatus): Problem[] {
  const { name, stopped, behindCount, parkedCount, deadCount } = status;
  const found: Problem[] = [];
  if (stopped !== null) {
    found.push({
      problem: "destination_stopped",
      what: `Nothing is forwarded to ${name}: ${stopped.what}`,
      remedy: stopped.remedy,
    });
  }
  if (deadCount > 0) {
    found.push({
      problem: "destination_gave_up",
      what: `${counted(deadCount, "event was", "events were")} given up for ${name}`,
      remedy: `Find out why with "elevenlabs-webhook forward test ${name}"; then: elevenlabs-webhook forward replay ${name} --since 2d`,
    });
  }
  if (stopped === null && behindCount + parkedCount >= BEHIND_MANY) {
    found.push({
      problem: "destination_behind",
      what: `${name} is ${counted(behindCount + parkedCount, "event")} behind`,
      remedy: `Make sure that it answers, and fast: elevenlabs-webhook forward test ${name}`,
    });
  }
  return found;
}
