import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createSumRecordings } from "../../src/query/recording-bytes.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio } from "../helpers/deliveries.ts";

const NOW_MS = 1_793_620_800_000;
const MINUTE_MS = 60_000;

let receiver: TestApp;
let database: Database;

beforeAll(async () => {
  receiver = await openTestApp();
  await receiver.post(audio("conv_1", Buffer.alloc(100)));
  await receiver.post(audio("conv_2", Buffer.alloc(20)));
  database = new Database(receiver.config.databasePath);
});
afterAll(async () => {
  database.close();
  await receiver.close();
});

function grow(bytes: number): void {
  database.query("UPDATE conversations SET audio_bytes = ? WHERE conversation_id = 'conv_2'").run(bytes);
}

test("the size of few recordings is always that of now", () => {
  const sum = createSumRecordings(2);
  expect(sum(database, NOW_MS)).toBe(120);
  grow(25);
  expect(sum(database, NOW_MS)).toBe(125);
  grow(20);
});

test("the size of many is summed once a minute, also if the clock is set back", () => {
  const sum = createSumRecordings(1);
  expect(sum(database, NOW_MS)).toBe(120);
  grow(30);
  expect(sum(database, NOW_MS + MINUTE_MS - 1)).toBe(120);
  expect(sum(database, NOW_MS + MINUTE_MS)).toBe(130);
  grow(40);
  expect(sum(database, NOW_MS)).toBe(140);
  database.run("DELETE FROM conversations WHERE conversation_id = 'conv_2'");
  expect(sum(database, NOW_MS + MINUTE_MS)).toBe(100);
});
