import { sentenceOf } from "../platform/text.ts";
import { deliveryProblems } from "./deliveries.ts";
import type { Facts } from "./facts.ts";
import { problemNames } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { remoteProblems } from "./remote.ts";

const health = {
  storage_failed: {
    what: "The next delivery can't be stored",
    remedy:
      "The log names the cause. Make sure that the disk is there and can be written to: elevenlabs-webhook check",
  },
  disk_low: {
    what: "The disk is nearly full: deliveries are refused",
    remedy: "Make room, or erase by age with RETENTION_DAYS. MIN_FREE_DISK_BYTES is the limit.",
  },
  shutting_down: {
    what: "The receiver is stopping",
    remedy: "Wait until it has started again.",
  },
};

/** What needs a person, the most urgent first. */
export function problemsOf(facts: Facts): Problem[] {
  const { healthProblem, storageFault, certificate, access, isClockConfirmed, keepsRecordings } = facts;
  const found: Problem[] = [...deliveryProblems(facts), ...remoteProblems(facts)];
  if (healthProblem === "storage_failed" && storageFault !== null) {
    const what = `${health.storage_failed.what}: ${storageFault.what}`;
    found.push({ problem: healthProblem, what, remedy: sentenceOf(storageFault.remedy) });
  } else if (healthProblem !== null) {
    found.push({ problem: healthProblem, ...health[healthProblem] });
  }
  if (certificate !== null) found.push({ problem: "certificate_expiring", ...certificate });
  if (access !== null) found.push({ problem: "bucket_access_ending", ...access });
  if (!isClockConfirmed) {
    found.push({
      problem: "clock_unconfirmed",
      what: "Nothing is erased by age: nothing has confirmed this machine's clock yet",
      remedy: "The next delivery confirms it, and so does systemd-timesyncd. If this stays, set the clock.",
    });
  }
  if (!keepsRecordings) {
    found.push({
      problem: "recordings_not_kept",
      what: "Recordings are not kept, and ElevenLabs sends each only once",
      remedy: "Unless that is meant, set ENABLE_AUDIO_STORAGE=true.",
    });
  }
  // Those of one name stay in the order in which they were found.
  return found.toSorted((a, b) => problemNames.indexOf(a.problem) - problemNames.indexOf(b.problem));
}
