import { accessEnding } from "../config/data.ts";
import type { DataConfig } from "../config/data.ts";
import { expiryWarning } from "../config/tls.ts";
import type { Tls } from "../config/tls.ts";
import type { Clock } from "../platform/clock.ts";
import { problemsOf } from "../problems/problems.ts";
import type { Fault, Problem } from "../problems/problem.ts";
import type { ConnectionStatus, ForwardStatus, RecoveryStatus, StatusSources } from "../problems/statuses.ts";
import type { FiguresReader } from "../query/figures.ts";
import type { QuarantinedGroup } from "../query/quarantine.ts";
import type { DeliveryCounts } from "../webhook/counts.ts";
import type { HealthProblem } from "./health.ts";
import type { Figures } from "./prometheus.ts";

/** Of more reasons, the most frequent are told. */
const QUARANTINE_GROUPS_MAX = 50;

/** How the receiver is: all in one answer. */
export type State = {
  startedAtMs: number;
  nowMs: number;
  healthProblem: HealthProblem | null;
  problems: Problem[];
  figures: Figures;
  deliveries: DeliveryCounts;
  quarantine: QuarantinedGroup[];
  recovery: RecoveryStatus | null;
  connection: ConnectionStatus | null;
  forward: ForwardStatus | null;
};

/** Makes what tells how the receiver is. */
export function createState(options: {
  measure: () => Promise<Figures>;
  counts: { read: () => DeliveryCounts };
  reader: Pick<FiguresReader, "quarantined">;
  healthProblem: () => HealthProblem | null;
  statuses: StatusSources;
  storageFault: () => Fault | null;
  config: { storeAudio: boolean; tls: Tls | null; data: DataConfig };
  clock: Clock;
}): () => Promise<State> {
  const { measure, counts, reader, statuses, config, clock } = options;
  const startedAtMs = clock.nowMs();

  /** What is known is told also if the database can't be asked. */
  const quarantined = () => reader.quarantined(QUARANTINE_GROUPS_MAX).catch(() => []);

  return async () => {
    // First, for it waits for the thread that the figures come from.
    const quarantine = await quarantined();
    const figures = await measure();
    const nowMs = clock.nowMs();
    const deliveries = counts.read();
    const known = {
      nowMs,
      healthProblem: options.healthProblem(),
      quarantine,
      recovery: statuses.recovery(),
      connection: statuses.connection(),
      forward: statuses.forward(),
    };
    const expiry = config.tls === null ? null : expiryWarning(config.tls, nowMs);
    const problems = problemsOf({
      ...known,
      storageFault: options.storageFault(),
      failures: { count: deliveries.failed, lastAtMs: deliveries.lastFailedAtMs },
      refusals: deliveries.refusals,
      keepsRecordings: config.storeAudio,
      conversationsWithoutRecording: figures.conversations_without_recording,
      isClockConfirmed: figures.retention_clock_confirmed !== 0,
      access: accessEnding(config.data, nowMs),
      certificate: expiry && { what: sentence(expiry.text), remedy: sentence(expiry.remedy) },
    });
    return { startedAtMs, figures, deliveries, ...known, problems };
  };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
