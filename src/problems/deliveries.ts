import type { Facts, Happened } from "./facts.ts";
import type { Fault, Problem } from "./problem.ts";
import { counted } from "./words.ts";

/** What happened longer ago is over. */
const RECENT_MS = 24 * 60 * 60_000;

/** Refusals that somebody should know of. Others are what anything on the internet sends to any port. */
const refusals: Record<string, Fault> = {
  signature_mismatch: {
    what: "the signature does not match",
    remedy:
      "If they come from ElevenLabs, ELEVENLABS_WEBHOOK_SECRET is not this webhook's secret, or a proxy changes the body: elevenlabs-webhook verify finds out.",
  },
  timestamp_expired: {
    what: "signed too long ago, or ahead of this machine's clock",
    remedy: "Check this machine's clock: timedatectl. A single one may be an old delivery repeated.",
  },
  body_too_large: {
    what: "larger than MAX_BODY_BYTES",
    remedy: "Set MAX_BODY_BYTES higher: a recording is sent only once.",
  },
  overloaded: {
    what: "too many came at once",
    remedy:
      "If they are not from ElevenLabs, set ALLOWED_SOURCES=elevenlabs, and TRUSTED_PROXIES if a proxy is in front.",
  },
  disk_low: {
    what: "too little disk was free",
    remedy: "Make room, or erase by age with RETENTION_DAYS.",
  },
  body_too_slow: {
    what: "the sender stalled",
    remedy: "If it happens often, look into the network or the proxy in front.",
  },
};

const quarantine: Record<string, Fault> = {
  unknown_type: {
    what: "a type that this version does not know",
    remedy: "Install a newer version, then process them again. Their exact bytes are kept.",
  },
  invalid_json: {
    what: "not JSON",
    remedy:
      "Look at one of them: a proxy may have changed it before it was signed. Their exact bytes are kept.",
  },
  invalid_payload: {
    what: "content that can't be used",
    remedy:
      "Look at one of them. A newer version may know it: then process them again. Their exact bytes are kept.",
  },
};

const otherQuarantine: Fault = {
  what: "not processed",
  remedy: "Look at one of them, and process them again. Their exact bytes are kept.",
};

/** What is wrong with what arrives, or does not. */
export function deliveryProblems(facts: Facts): Problem[] {
  const { failures, conversationsWithoutRecording: missing, recovery } = facts;
  const found: Problem[] = [];
  if (isRecent(failures, facts)) {
    found.push({
      problem: "deliveries_failed",
      what: `${counted(failures.count, "delivery", "deliveries")} could not be stored since the start`,
      remedy:
        "The log names the cause. ElevenLabs repeats transcripts only: fetch recordings with elevenlabs-webhook recover.",
    });
  }
  if (missing !== null && missing > 0) {
    found.push({
      problem: "recordings_missing",
      what: `${counted(missing, "call")} of the last day ${missing === 1 ? "has" : "have"} no recording though ElevenLabs announced one`,
      remedy:
        recovery === null
          ? "Make sure that the webhook sends post_call_audio. With ELEVENLABS_API_KEY and RECOVER set, they are fetched."
          : "They are being fetched. If this stays, make sure that the webhook sends post_call_audio.",
    });
  }
  return [...found, ...refusalProblems(facts), ...quarantineProblems(facts)];
}

function refusalProblems(facts: Facts): Problem[] {
  return [...facts.refusals].flatMap(([code, happened]) => {
    const fault = refusals[code];
    if (fault === undefined || !isRecent(happened, facts)) return [];
    const what = `${counted(happened.count, "delivery was", "deliveries were")} refused since the start: ${fault.what}`;
    return { problem: "deliveries_refused" as const, what, remedy: fault.remedy };
  });
}

/** One for each code, whatever the reasons say in detail. */
function quarantineProblems({ quarantine: groups }: Facts): Problem[] {
  const byCode = Map.groupBy(groups, ({ error }) => error?.split(":")[0] ?? "");
  return [...byCode].map(([code, ofCode]) => {
    const count = ofCode.reduce((sum, group) => sum + group.count, 0);
    const { what, remedy } = quarantine[code] ?? otherQuarantine;
    return {
      problem: "events_quarantined",
      what: `${counted(count, "event is", "events are")} quarantined: ${what}`,
      remedy,
    };
  });
}

function isRecent({ lastAtMs }: Happened, { nowMs }: Facts): boolean {
  return lastAtMs !== null && nowMs - lastAtMs < RECENT_MS;
}
