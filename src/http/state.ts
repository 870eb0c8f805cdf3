import type { Clock } from "../platform/clock.ts";
import { problemsOf } from "../problems/problems.ts";
import type { Problem } from "../problems/problem.ts";
import type { ConnectionStatus, ForwardStatus, RecoveryStatus, StatusSources } from "../problems/statuses.ts";
import type { Queries } from "../query/port.ts";
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
  queries: Pick<Queries, "ask">;
  healthProblem: () => HealthProblem | null;
  statuses: StatusSources;
  config: { audioFolder: string | null; storeTranscripts: boolean };
  clock: Clock;
}): () => Promise<State> {
  const { measure, counts, queries, statuses, config, clock } = options;
  const startedAtMs = clock.nowMs();

  return async () => {
    const figures = await measure();
    const quarantine = await queries.ask("groupQuarantined", QUARANTINE_GROUPS_MAX);
    const known = {
      nowMs: clock.nowMs(),
      healthProblem: options.healthProblem(),
      figures,
      deliveries: counts.read(),
      quarantine,
      recovery: statuses.recovery(),
      connection: statuses.connection(),
      forward: statuses.forward(),
    };
    const problems = problemsOf({
      ...known,
      keepsRecordings: config.audioFolder !== null,
      conversationsWithoutRecording: figures.conversations_without_recording,
      isClockConfirmed: figures.retention_clock_confirmed !== 0,
    });
    return { startedAtMs, ...known, problems };
  };
}
