import type { Archive } from "../archive.ts";
import { indexPath, removeIndexFile } from "./file.ts";

/** A conversation takes some tens of milliseconds, word by word: other questions are answered in between. */
const CONVERSATIONS_AT_ONCE_MAX = 16;

/**
 * Erases conversations from the search index.
 *
 * @param isFollowed whether the index is in use. One that was made before the API was turned off is of no use, and goes
 *   whole.
 */
export function createEraseFromIndex(options: {
  databasePath: string;
  archive: Archive;
  isFollowed: boolean;
}) {
  const { databasePath, archive, isFollowed } = options;
  return async (conversationIds: readonly string[]): Promise<void> => {
    if (!isFollowed) return removeIndexFile(indexPath(databasePath));
    for (let from = 0; from < conversationIds.length; from += CONVERSATIONS_AT_ONCE_MAX) {
      const some = conversationIds.slice(from, from + CONVERSATIONS_AT_ONCE_MAX);
      await archive.ask("eraseConversations", some);
    }
  };
}
