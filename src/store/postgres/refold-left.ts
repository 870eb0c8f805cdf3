import { inWriteLock } from "./lock-holder.ts";
import type { Pool } from "./pool.ts";
import { refold } from "./refold.ts";

const ROWS_MAX = 100;
/** Deliveries wait for it, though they are stored. */
const REFOLD_MS_MAX = 3000;

/** Folds again what came out of order and was not folded since, as a stop in between leaves it. */
export async function refoldLeft(pool: Pool, conversationIds?: readonly string[]): Promise<void> {
  const ids = conversationIds ?? (await leftToFold(pool));
  if (ids.length === 0) return;
  await inWriteLock(pool, (query) => refold(query, ids), { deadlineMs: REFOLD_MS_MAX });
}

async function leftToFold({ query }: Pool): Promise<string[]> {
  const rows = await query<{ id: string }>(
    `SELECT conversation_id AS id FROM conversations WHERE fold_order IS NULL LIMIT ${ROWS_MAX}`,
  );
  return rows.map(({ id }) => id);
}
