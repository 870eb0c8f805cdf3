import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { SIGNATURE_HEADER } from "../webhook/signature.ts";

const PAUSE_MS = 60_000;

/**
 * Warns of deliveries to a path that does not exist, at most once a minute: ElevenLabs does not say that it gets 404. The
 * path is not logged, because some put a secret into it.
 */
export function createLostDeliveries({ log, clock }: { log: Log; clock: Clock }) {
  let warnedMs = Number.NEGATIVE_INFINITY;
  return ({ headers }: Request): void => {
    const nowMs = clock.monotonicMs();
    if (!headers.has(SIGNATURE_HEADER) || nowMs - warnedMs < PAUSE_MS) return;
    warnedMs = nowMs;
    log.warning(
      "A delivery went to another path than /webhook, and was answered 404: correct the webhook's URL at ElevenLabs, or the path in the proxy",
    );
  };
}
