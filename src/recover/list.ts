import { PAGE_ROWS_MAX } from "../vendor/rest/port.ts";
import type { RestClient, RestConversationsQuery, RestListedConversation } from "../vendor/rest/port.ts";
import { StopRun, stopOfListing } from "./faults.ts";

/** A million conversations. */
const PAGES_MAX = 10_000;

/** Which of ElevenLabs' conversations are looked at, by their start in Unix seconds. */
export type Window = { startedAfter: number; startedBefore: number | null };

/**
 * ElevenLabs' conversations of one agent, or of all, page by page, the newest first.
 *
 * @throws StopRun if they can't be listed, or if the list does not end
 */
export async function* pagesOf(
  client: Pick<RestClient, "listConversations">,
  agentId: string | null,
  { startedAfter, startedBefore }: Window,
  signal: AbortSignal,
): AsyncGenerator<RestListedConversation[]> {
  const cursors = new Set<string>();
  const query = {
    ...(agentId === null ? {} : { agentId }),
    ...(startedBefore === null ? {} : { startedBefore }),
    startedAfter,
    pageRows: PAGE_ROWS_MAX,
  };
  let asked: RestConversationsQuery = query;
  while (cursors.size < PAGES_MAX) {
    const page = await client.listConversations(asked, { signal }).catch((error: unknown) => {
      throw stopOfListing(error);
    });
    const within = page.conversations.filter(({ startedAt }) => startedAt >= startedAfter);
    yield within;
    if (page.nextCursor === null || (page.conversations.length > 0 && within.length === 0)) return;
    if (cursors.has(page.nextCursor))
      throw new StopRun("api", "ElevenLabs repeats a page of its list: try again later");
    cursors.add(page.nextCursor);
    asked = { ...query, cursor: page.nextCursor };
  }
  throw new StopRun("api", `ElevenLabs' list has more than ${PAGES_MAX} pages: name a later --since`);
}
