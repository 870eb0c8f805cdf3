import { expiryWarning } from "../config/tls.ts";
import type { Tls } from "../config/tls.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";

const DAY_MS = 86_400_000;

/**
 * Warns once a day while the certificate in use is about to expire: a service that runs for months was started when it
 * was new. The timer keeps no process alive.
 */
export function watchCertificate(tls: Tls | null, { log, clock }: { log: Log; clock: Clock }): void {
  if (tls === null) return;
  setInterval(() => {
    const soon = expiryWarning(tls, clock.nowMs());
    if (soon !== null) log.warning(`${soon.text}. ${soon.remedy}`);
  }, DAY_MS).unref();
}
