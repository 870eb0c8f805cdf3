import type { Queries } from "../query/port.ts";
import { indexPath, removeIndexFile } from "../query/search/file.ts";
import type { CleanPosition } from "../query/search/search-index.ts";

/** A conversation takes some tens of milliseconds, word by word: other questions are answered meanwhile. */
const CONVERSATIONS_AT_ONCE_MAX = 16;

/** Erases conversations from the search index. */
export type IndexEraser = {
  /** Deletes conversations; `finish` has to follow, once for many. */
  erase: (conversationIds: readonly string[]) => Promise<void>;
  /** Clears what is left of them in the file: it reads the whole file. */
  finish: () => Promise<void>;
};

/** Has those erase who read by the index. */
export function indexOfQueries(queries: Pick<Queries, "ask">): IndexEraser {
  return {
    async erase(conversationIds) {
      for (let from = 0; from < conversationIds.length; from += CONVERSATIONS_AT_ONCE_MAX) {
        const some = conversationIds.slice(from, from + CONVERSATIONS_AT_ONCE_MAX);
        await queries.ask("eraseConversations", some);
      }
    },
    async finish() {
      let from: CleanPosition | null = null;
      do from = await queries.ask("cleanIndex", from);
      while (from !== null);
    },
  };
}

/** An index that is not in use. One that was made before the API was turned off goes whole. */
export function indexFile(databasePath: string): IndexEraser {
  return {
    erase: async () => removeIndexFile(indexPath(databasePath)),
    async finish() {},
  };
}
