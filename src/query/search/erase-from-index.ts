import type { Queries } from "../port.ts";
import { indexPath, removeIndexFile } from "./file.ts";
import type { CleanPosition } from "./search-index.ts";

/** A conversation takes some tens of milliseconds, word by word: other questions are answered meanwhile. */
const CONVERSATIONS_AT_ONCE_MAX = 16;

export type IndexEraser = ReturnType<typeof createIndexEraser>;

/**
 * Erases conversations from the search index.
 *
 * @param isFollowed whether the index is in use. One that was made before the API was turned off is of no use, and goes
 *   whole.
 */
export function createIndexEraser(options: { databasePath: string; queries: Queries; isFollowed: boolean }) {
  const { databasePath, queries, isFollowed } = options;
  return {
    /** Deletes conversations; `finish` has to follow, once for many. */
    async erase(conversationIds: readonly string[]): Promise<void> {
      if (!isFollowed) return removeIndexFile(indexPath(databasePath));
      for (let from = 0; from < conversationIds.length; from += CONVERSATIONS_AT_ONCE_MAX) {
        const some = conversationIds.slice(from, from + CONVERSATIONS_AT_ONCE_MAX);
        await queries.ask("eraseConversations", some);
      }
    },

    /** Clears what is left of them in the file: it reads the whole file. */
    async finish(): Promise<void> {
      if (!isFollowed) return;
      let from: CleanPosition | null = null;
      do from = await queries.ask("cleanIndex", from);
      while (from !== null);
    },
  };
}
