import { exists } from "../../platform/files.ts";
import type { Archive } from "../archive.ts";
import { indexPath } from "./file.ts";

/** Erases conversations from the search index. There may be one though the API is off: it may have been on before. */
export function createEraseFromIndex(options: { databasePath: string; archive: Archive }) {
  const { databasePath, archive } = options;
  return async (conversationIds: readonly string[]): Promise<void> => {
    if (await exists(indexPath(databasePath))) await archive.ask("eraseConversations", conversationIds);
  };
}
