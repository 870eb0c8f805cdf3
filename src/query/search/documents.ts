import type { Database } from "bun:sqlite";
import type { ConversationRow } from "../../model/conversation.ts";
import type { StoredTurn } from "../../model/turn.ts";
import { facetsOf } from "../conversation-filter.ts";
import { SNIPPETS, textsOf } from "./text.ts";
import type { Snippets } from "./text.ts";

// The id of a document is the second in which its conversation began, and a number within that second. With 33 bits for
// the second it is exact as a JavaScript number. What has no start comes before all others.
const IDS_A_SECOND = 2 ** 20;
const SECONDS_MAX = 2 ** 33 - 1;

export type Candidate = { id: number; conversationId: string };
export type Documents = ReturnType<typeof createDocuments>;

/** The lowest id of a document whose conversation began in that second or later. */
export function firstIdOf(startedAt: number): number {
  return Math.min(Math.max(startedAt, 0), SECONDS_MAX) * IDS_A_SECOND;
}

/** What is indexed: one document a conversation. */
export function createDocuments(sqlite: Database) {
  const byConversation = sqlite.query<{ id: number; digest: string; startedAt: number | null }, [string]>(
    "SELECT id, digest, started_at AS startedAt FROM documents WHERE conversation_id = ?",
  );
  const lastId = sqlite.query<{ id: number | null }, [number, number]>(
    "SELECT max(id) AS id FROM documents WHERE id >= ? AND id < ?",
  );
  const insertDocument = sqlite.query(
    "INSERT INTO documents (id, conversation_id, digest, started_at) VALUES (?, ?, ?, ?)",
  );
  const insertText = sqlite.query(
    "INSERT INTO texts (rowid, title, summary, turns, facets) VALUES (?, ?, ?, ?, ?)",
  );
  const deleteDocument = sqlite.query("DELETE FROM documents WHERE id = ?");
  const deleteText = sqlite.query("DELETE FROM texts WHERE rowid = ?");
  const select = sqlite.query<Candidate, [string, number, number, number]>(
    "SELECT texts.rowid AS id, conversation_id AS conversationId FROM texts CROSS JOIN documents ON id = texts.rowid " +
      "WHERE texts MATCH ? AND texts.rowid >= ? AND texts.rowid < ? ORDER BY texts.rowid DESC LIMIT ?",
  );
  // With a plus, the ids are no constraint of the index, which would begin the search again for each.
  const selectSnippets = sqlite.query<Snippets & { id: number }, [string, number, number, string]>(
    `SELECT rowid AS id, ${SNIPPETS} FROM texts ` +
      "WHERE texts MATCH ? AND rowid >= ? AND rowid <= ? AND +rowid IN (SELECT value FROM json_each(?))",
  );

  /** The first id that is free in a second. A second that is full, as that of no start may be, goes on in the next. */
  function freeId(startedAt: number | null): number {
    let first = firstIdOf(startedAt ?? 0);
    for (;;) {
      const id = (lastId.get(first, first + IDS_A_SECOND)?.id ?? first - 1) + 1;
      if (id < first + IDS_A_SECOND) return id;
      first += IDS_A_SECOND;
    }
  }

  function remove(conversationId: string): void {
    const id = byConversation.get(conversationId)?.id;
    if (id === undefined) return;
    deleteText.run(id);
    deleteDocument.run(id);
  }

  return {
    remove,

    /**
     * Brings a conversation's document up to date; one that has not changed, as after its recording, is left alone. It
     * keeps its id as long as its start is the same, so that a reader of pages does not miss it.
     */
    put(row: ConversationRow, turns: StoredTurn[]): void {
      const { title, summary, turns: said } = textsOf(row, turns);
      const facets = facetsOf(row).join(" ");
      const digest = digestOf([row.startedAt, title, summary, said, facets]);
      const known = byConversation.get(row.conversationId);
      if (known?.digest === digest) return;
      remove(row.conversationId);
      const id = known?.startedAt === row.startedAt ? known.id : freeId(row.startedAt);
      insertDocument.run(id, row.conversationId, digest, row.startedAt);
      insertText.run(id, title, summary, said, facets);
    },

    /** Some of the documents that match, newest first. @param before not included */
    find: (expression: string, from: number, before: number, countMax: number): Candidate[] =>
      select.all(expression, from, before, countMax),

    /** What was found in documents of a page. */
    snippets(expression: string, ids: number[]): Map<number, Snippets> {
      const rows = selectSnippets.all(expression, Math.min(...ids), Math.max(...ids), JSON.stringify(ids));
      return new Map(rows.map(({ id, ...snippets }) => [id, snippets]));
    },
  };
}

function digestOf(parts: (string | number | null)[]): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(parts)).digest("base64").slice(0, 22);
}
