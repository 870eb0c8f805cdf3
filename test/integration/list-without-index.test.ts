import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findRecording, readConversation } from "../../src/query/conversations.ts";
import type { ConversationFilter } from "../../src/query/conversation-filter.ts";
import { listConversations } from "../../src/query/list-conversations.ts";
import type { ConversationPosition } from "../../src/query/conversation-pages.ts";
import { openReader } from "../../src/query/reader.ts";
import type { Reader } from "../../src/query/reader.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { CHOSEN_START, chosenFilter } from "../helpers/conversation-filter.ts";
import { audio, eventFixtures, fixture } from "../helpers/deliveries.ts";
import { createRandom } from "../helpers/random.ts";

const CALLS = 150;

let app: TestApp;
let withIndex: Reader;
let without: Reader;

function call(index: number): string {
  const data = {
    conversation_id: `conv_${index}`,
    agent_id: `agent_${index % 2}`,
    status: index % 5 === 0 ? "failed" : "done",
    user_id: index % 3 === 0 ? null : `user_${index % 4}`,
    transcript: [{ role: "user", message: "Hello" }],
    analysis: { call_successful: index % 4 === 0 ? "failure" : "success" },
    metadata: {
      start_time_unix_secs: index % 10 === 9 ? null : CHOSEN_START + index,
      call_duration_secs: index % 7 === 0 ? null : (index * 7) % 130,
      phone_call: {
        direction: index % 3 === 0 ? "inbound" : "outbound",
        external_number: `+44163296000${index % 6}`,
        agent_number: "+441632960100",
      },
    },
  };
  return JSON.stringify({ type: "post_call_transcription", event_timestamp: CHOSEN_START, data });
}

beforeAll(async () => {
  app = await openTestApp();
  for (let index = 0; index < CALLS; index += 1) {
    await app.post(call(index));
    if (index % 4 === 1) await app.post(audio(`conv_${index}`, Buffer.from(`recording ${index}`)));
    if (index % 6 === 2) {
      const data = {
        conversation_id: `conv_${index}`,
        answered_by: index % 4 === 0 ? "human" : "machine_start",
      };
      await app.post(
        JSON.stringify({ type: "answering_machine_detection", event_timestamp: CHOSEN_START, data }),
      );
    }
  }
  for (const name of eventFixtures()) await app.post(fixture(name));
  const copy = join(app.folder, "copy.sqlite");
  app.rows(`VACUUM INTO '${copy}'`);
  mkdirSync(`${copy}.search`);
  withIndex = openReader(app.config, () => undefined);
  without = openReader({ ...app.config, databasePath: copy }, () => undefined);
});
afterAll(() => app.close());

/** All pages of a list; whether the index was used for it. */
async function list(reader: Reader, filter: ConversationFilter, rowsMax: number) {
  const ids: string[] = [];
  const starts: number[] = [];
  let by: string | null = null;
  let after: ConversationPosition | null = null;
  do {
    const page = await listConversations(reader, { filter, query: null, after, rowsMax });
    if (page.kind !== "page") throw new Error("not ready");
    ids.push(...page.rows.map(({ conversationId }) => conversationId));
    starts.push(...page.rows.map(({ startedAt }) => startedAt ?? 0));
    after = page.next;
    by ??= after?.by ?? null;
  } while (after !== null);
  return { ids, starts, by };
}

test("lists are the same with the index and without it, whatever the filters", async () => {
  const next = createRandom(11);
  const used = new Set<string | null>();
  for (let round = 0; round < 150; round += 1) {
    const filter = chosenFilter(next);
    const [indexed, scanned] = [await list(withIndex, filter, 7), await list(without, filter, 7)];
    expect(indexed.ids.toSorted()).toEqual(scanned.ids.toSorted());
    expect(new Set(indexed.ids).size).toBe(indexed.ids.length);
    for (const { starts } of [indexed, scanned]) expect(starts).toEqual(starts.toSorted((a, b) => b - a));
    expect(scanned.by).not.toBe("index");
    used.add(indexed.by);
  }
  expect(used).toEqual(new Set(["index", "start", null]));
});

test("a conversation and its recording are read by id", () => {
  expect(readConversation(withIndex, "conv_1")).toMatchObject({
    row: { conversationId: "conv_1", startedAt: CHOSEN_START + 1 },
    turns: [{ role: "user", message: "Hello" }],
    eventIds: [expect.any(Number), expect.any(Number)],
  });
  expect(findRecording(withIndex, "conv_1")).toMatchObject({ byteCount: "recording 1".length });
  expect(findRecording(withIndex, "conv_2")).toEqual({ path: null, byteCount: null, sha256: null });
  expect(readConversation(withIndex, "conv_unknown")).toBeNull();
  expect(findRecording(withIndex, "conv_unknown")).toBeNull();
});
