import type { Archive } from "../archive.ts";
import { indexPath, removeIndexFile } from "./file.ts";

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
    if (isFollowed) await archive.ask("eraseConversations", conversationIds);
    else removeIndexFile(indexPath(databasePath));
  };
}
