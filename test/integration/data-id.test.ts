import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import { newFolder, runFor } from "../helpers/backups.ts";
import { transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

type Feed = { events: { id: number; conversation_id: string }[]; next_after: number; data_id: string };

let root: string;
beforeEach(() => {
  root = newFolder();
});
// The thread that reads may still be closing its files there.
afterEach(() => rmSync(root, { recursive: true, force: true }));

const data = () => join(root, "data");
const open = () => openTestApp({ folder: data(), config: { apiTokens: [TOKEN] } });

/** Delivers events to the data, and returns the feed after a place, as a program that follows it does. */
async function deliverAndFollow(conversationIds: readonly string[], query: string) {
  const app = await open();
  try {
    for (const id of conversationIds) await app.post(transcription(id));
    return await app.ask<Feed>(`/events?limit=200&${query}`);
  } finally {
    await app.close({ keepFolder: true });
  }
}

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index}`);

/** Moves the data away and restores a backup in their place. */
async function replaceBy(backup: string): Promise<void> {
  renameSync(data(), join(root, `before-${Math.random()}`));
  expect(await runFor(data(), "restore", backup)).toMatchObject({ status: 0 });
}

test("who follows with the data's id misses nothing after a restore, and sees nothing twice", async () => {
  const backup = join(root, "backup");
  await deliverAndFollow(names("before", 6), "after=0");
  expect(await runFor(data(), "backup", backup)).toMatchObject({ status: 0 });
  const { answer: seen } = await deliverAndFollow(names("lost", 4), "after=0");
  expect(seen).toMatchObject({ next_after: 10 });

  await replaceBy(backup);
  const asked = `after=${seen.next_after}&data_id=${seen.data_id}`;
  const refused = await deliverAndFollow(names("after", 5), asked);
  expect(refused.status).toBe(409);
  expect<unknown>(refused.answer).toEqual({
    error: expect.stringContaining(
      "The data were replaced by a restore: what may be new to you begins at after=6&data_id=",
    ),
    code: "data_replaced",
    next_after: 6,
    data_id: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(refused.answer.data_id).not.toBe(seen.data_id);

  const { next_after: after, data_id: dataId } = refused.answer;
  const { answer } = await deliverAndFollow([], `after=${after}&data_id=${dataId}`);
  expect(answer.events.map(({ conversation_id: id }) => id)).toEqual(names("after", 5));
  expect(answer).toMatchObject({ next_after: 11, data_id: dataId });
});

test("who follows without it goes on as before", async () => {
  const backup = join(root, "backup");
  await deliverAndFollow(names("before", 2), "after=0");
  await runFor(data(), "backup", backup);
  await deliverAndFollow(names("lost", 2), "after=0");
  await replaceBy(backup);
  const { status, answer } = await deliverAndFollow(names("after", 3), "after=4");
  expect({ status, ids: answer.events.map(({ id }) => id) }).toEqual({ status: 200, ids: [5] });
});

test("the id stays through starts and erasures, and is another after each restore", async () => {
  const backup = join(root, "backup");
  const ids = new Set<string>();
  const remember = async () => ids.add((await deliverAndFollow([], "after=0")).answer.data_id);
  await deliverAndFollow(["conv_1", "conv_2"], "after=0");
  await remember();
  const app = await open();
  await app.handle("/conversations/conv_2", {
    method: "DELETE",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await app.close({ keepFolder: true });
  await remember();
  expect(ids.size).toBe(1);
  const [dataId] = ids;
  // The last event is gone, and its id is not given again: a place behind it is one.
  expect((await deliverAndFollow([], `after=2&data_id=${dataId}`)).status).toBe(200);

  await runFor(data(), "backup", backup);
  for (const count of [2, 3]) {
    await replaceBy(backup);
    await remember();
    expect(ids.size).toBe(count);
  }
});

test("an older copy of the database's file is noticed as soon as a place is behind its events", async () => {
  await deliverAndFollow(["conv_1"], "after=0");
  // Without the search index, whose log its thread may still be removing.
  const filter = (path: string) => !path.includes(".search");
  cpSync(data(), join(root, "copy"), { recursive: true, filter });
  const { answer } = await deliverAndFollow(["conv_2"], "after=0");
  // Moved away, not removed: a thread may still be at work in it.
  renameSync(data(), join(root, "before"));
  cpSync(join(root, "copy"), data(), { recursive: true });
  const refused = await deliverAndFollow([], `after=2&data_id=${answer.data_id}`);
  expect(refused).toMatchObject({ status: 409, answer: { code: "data_replaced", next_after: 0 } });
});

test("data of an earlier version get their id at the first start, and restored from its backup too", async () => {
  const forget = (path: string) => {
    const database = new Database(path);
    database.run("DELETE FROM state WHERE name = 'data_id'");
    database.close();
  };
  const backup = join(root, "backup");
  await deliverAndFollow(names("before", 2), "after=0");
  forget(join(data(), "transcripts.sqlite"));
  await runFor(data(), "backup", backup);
  const { answer } = await deliverAndFollow(names("lost", 2), "after=0");
  expect(answer.data_id).toMatch(/^[0-9a-f]{32}$/);
  await replaceBy(backup);
  expect(await deliverAndFollow([], `after=4&data_id=${answer.data_id}`)).toMatchObject({
    status: 409,
    answer: { next_after: 2 },
  });
});

test("a restore leaves nothing beside the database, and keeps how far destinations were sent", async () => {
  const backup = join(root, "backup");
  await deliverAndFollow(["conv_1"], "after=0");
  await runFor(data(), "backup", backup);
  // Moved away, not removed: a thread may still be at work in it.
  renameSync(data(), join(root, "before"));
  const ofDestinations = ["forward", "forward-wal", "forward-shm"];
  for (const ending of ofDestinations) await Bun.write(join(data(), `transcripts.sqlite.${ending}`), "kept");
  expect(await runFor(data(), "restore", backup)).toMatchObject({ status: 0 });
  const endings = readdirSync(data()).flatMap((name) => /^transcripts\.sqlite\.?(.*)$/.exec(name)?.[1] ?? []);
  expect(endings.toSorted()).toEqual(["", ...ofDestinations, "lock", "running"].toSorted());
});
