import type { Orm } from "./database.ts";
import { placeholders } from "./placeholders.ts";
import { callFailures } from "./schema.ts";

/** What a `call_initiation_failure` says. Each is null where the event does not have it in the form expected. */
export type CallFailureFacts = {
  reason: string | null;
  provider: string | null;
  providerCode: string | null;
  fromNumber: string | null;
  toNumber: string | null;
  /** Unix seconds. */
  occurredAt: number | null;
  /** The `metadata` member as JSON. */
  metadata: string | null;
};

type CallFailureRow = CallFailureFacts & {
  eventId: number;
  conversationId: string | null;
  agentId: string | null;
};

/** The `call_failures` table: one row for each call that could not be started. */
export function createCallFailureStore(orm: Orm) {
  const statement = orm
    .insert(callFailures)
    .values(placeholders(callFailures))
    .onConflictDoNothing()
    .prepare();

  return {
    /** Does nothing where the event has its row already. */
    insert(row: CallFailureRow): void {
      statement.run(row);
    },
  };
}
