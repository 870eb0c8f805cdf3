import { eq, sql } from "drizzle-orm";
import type { Orm } from "./database.ts";
import { erasures } from "./schema.ts";

/** The `erasures` table: conversations whose later deliveries are dropped. */
export function createErasureStore(orm: Orm) {
  const select = orm
    .select({ erasedAtMs: erasures.erasedAtMs })
    .from(erasures)
    .where(eq(erasures.conversationSha256, sql.placeholder("conversationSha256")))
    .prepare();
  const selectAny = orm.select({ erasedAtMs: erasures.erasedAtMs }).from(erasures).limit(1).prepare();

  const isHashErased = (conversationSha256: string): boolean =>
    select.get({ conversationSha256 }) !== undefined;

  return {
    /** Takes the lower-case hex of the hash of a conversation's id. */
    isHashErased,

    isErased(conversationId: string | null): boolean {
      return conversationId !== null && isHashErased(sha256Of(conversationId));
    },

    /** Spares those who ask for many the work for each. */
    areThereAny: (): boolean => selectAny.get() !== undefined,
  };
}

/** Lower-case hex. */
export function sha256Of(conversationId: string): string {
  return new Bun.CryptoHasher("sha256").update(conversationId).digest("hex");
}
