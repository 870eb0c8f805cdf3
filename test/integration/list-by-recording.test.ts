import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import { openReader } from "../../src/query/reader.ts";
import { listConversations } from "../../src/query/list-conversations.ts";
import type { ConversationPosition } from "../../src/query/conversation-pages.ts";
import type { ConversationFilter } from "../../src/query/conversation-filter.ts";
import { anyConversation } from "../helpers/conversation-filter.ts";

/** More than are looked at in one go. */
const CALLS = 150_000;
const PAGES_MAX = 3;
const WITH_RECORDING = [CALLS - 11, CALLS - 20_000, CALLS - 20_001, 30, 5];
const MISSING = [CALLS - 40, 31, 6];

test("of many calls, the few with a recording are found in few pages, and those whose recording is missing", async () => {
  const app = await openTestApp();
  using database = new Database(app.config.databasePath);
  // The last hundred of the order have no start.
  database.run(
    `WITH RECURSIVE call (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM call WHERE n + 1 < ${CALLS})
     INSERT INTO conversations (conversation_id, started_at, updated_at, audio_path, has_audio)
     SELECT 'conv_' || n, iif(n < 100, NULL, 1793620800 + n / 3), 0,
       iif(n IN (${WITH_RECORDING.join()}), '2026/11/02/conv_' || n || '.mp3', NULL), n IN (${MISSING.join()}) FROM call`,
  );
  const reader = openReader(app.config, () => undefined);
  const find = async (filter: Partial<ConversationFilter>) => {
    const pages: number[][] = [];
    let after: ConversationPosition | null = null;
    do {
      const asked = { filter: { ...anyConversation, ...filter }, query: null, after, rowsMax: 50 };
      const page = await listConversations(reader, asked);
      if (page.kind !== "page") throw new Error("not ready");
      pages.push(page.rows.map(({ conversationId }) => Number(conversationId.slice(5))));
      after = page.next;
    } while (after !== null && pages.length < PAGES_MAX);
    return pages;
  };

  // With some rows, a page ends before all are looked through.
  const withRecording = await find({ hasRecording: true });
  expect(withRecording[0]).toEqual(WITH_RECORDING.slice(0, 3));
  expect(withRecording.flat()).toEqual(WITH_RECORDING);
  expect((await find({ isRecordingMissing: true })).flat()).toEqual(MISSING);
  expect(await find({ hasRecording: true, isRecordingMissing: true })).toEqual([[]]);
  const [first] = await find({ hasRecording: false });
  expect(first).toHaveLength(50);
  expect(first).not.toContain(CALLS - 11);
  await app.close();
});
