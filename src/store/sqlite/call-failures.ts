import type { CallFailureRow } from "../../model/call-failure.ts";
import type { Orm } from "./database.ts";
import { placeholders } from "./placeholders.ts";
import { callFailures } from "./schema.ts";

/** The `call_failures` table: one row for each call that could not be started. */
export function createCallFailureStore(orm: Orm) {
  const statement = orm
    .insert(callFailures)
    .values(placeholders(callFailures))
    .onConflictDoNothing()
    .prepare();

  return {
    /** Does nothing if the event has its row already. */
    insert(row: CallFailureRow): void {
      statement.run(row);
    },
  };
}
