import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  clearTraces,
  commitAnnounced,
  dropAnnouncements,
  dueAnnouncements,
} from "../../src/forward/sqlite/announcements.ts";
import type { Destination } from "../../src/forward/destination.ts";
import { forwardPath, hasForwardFile, openForwardFile } from "../../src/forward/sqlite/file.ts";
import { prepareForwarding } from "../../src/forward/sqlite/prepare.ts";
import { createLog } from "../../src/platform/log.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { newFolder, runFor } from "../helpers/backups.ts";
import { transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const DAY_MS = 86_400_000;
const ANNOUNCED = 12;

const destination = (name: string, wantsErased: boolean): Destination => ({
  name,
  url: `http://127.0.0.1:1/${name}`,
  host: "127.0.0.1:1",
  keys: [],
  types: null,
  agents: null,
  payload: "full",
  headers: {},
  wantsErased,
});
const both = [destination("crm", true), destination("n8n", false), destination("support", true)];

let receiver: TestApp;
afterEach(() => receiver.close());

async function open(destinations: readonly Destination[] = both): Promise<void> {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] }, destinations });
}

async function erase(id: string) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await receiver.handle(`/conversations/${id}`, { method: "DELETE", headers });
  return { status: response.status, answer: await response.json() };
}

const newId = () => `conv_${crypto.randomUUID().replaceAll("-", "")}`;

/** The files below the data's folder that hold one of some texts, by their names there. */
function filesWith(texts: readonly string[], folder = receiver.folder): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    const path = join(folder, name);
    if (!statSync(path).isFile()) return false;
    const content = readFileSync(path).toString("latin1");
    return texts.some((text) => content.includes(text));
  });
}

/** What a destination is to be told of, whenever it is due. */
function announced(name: string, nowMs = Date.now()): string[] {
  const sqlite = openForwardFile(receiver.config.databasePath);
  try {
    return dueAnnouncements(sqlite, name, nowMs, 1000).map(({ conversationId }) => conversationId);
  } finally {
    sqlite.close();
  }
}

describe("an erased conversation", () => {
  test("is announced to those who asked, and its id is in no file when all have confirmed", async () => {
    await open();
    const ids = Array.from({ length: ANNOUNCED }, newId);
    await Promise.all(
      [...ids, ...Array.from({ length: ANNOUNCED }, newId)].map((id) => receiver.post(transcription(id))),
    );

    for (const id of ids)
      expect(await erase(id)).toEqual({ status: 200, answer: { status: "erased", announcing: 2 } });

    expect(new Set(filesWith(ids).map((name) => name.slice(0, "transcripts.sqlite.forward".length)))).toEqual(
      new Set(["transcripts.sqlite.forward"]),
    );
    expect(announced("n8n")).toEqual([]);
    const { databasePath } = receiver.config;
    const sqlite = openForwardFile(databasePath);
    for (const name of ["crm", "support"]) {
      expect(filesWith(ids)).not.toBeEmpty();
      expect(announced(name).toSorted()).toEqual(ids.toSorted());
      commitAnnounced(
        sqlite,
        name,
        ids.map((conversationId) => ({ conversationId, dueAtMs: null })),
      );
      await clearTraces(sqlite, databasePath);
      expect(announced(name)).toEqual([]);
    }
    expect(filesWith(ids)).toEqual([]);
    sqlite.close();
  });

  test("is given up after seven days, and its id is in no file then", async () => {
    await open();
    const id = newId();
    await receiver.post(transcription(id));
    await erase(id);
    const { databasePath } = receiver.config;
    const sqlite = openForwardFile(databasePath);
    const names = ["crm", "support"];
    expect(dropAnnouncements(sqlite, names, Date.now() + 7 * DAY_MS - 60_000)).toBe(0);
    expect(dropAnnouncements(sqlite, names, Date.now() + 7 * DAY_MS + 60_000)).toBe(2);
    await clearTraces(sqlite, databasePath);
    expect(filesWith([id])).toEqual([]);
    sqlite.close();
  });

  test("stays announced while the file of destinations has faults, and is given up if there are none any more", async () => {
    await open();
    const id = newId();
    await receiver.post(transcription(id));
    const { databasePath } = receiver.config;
    const log = createLog({ level: "INFO", format: "text", write: () => {} });
    let nowMs = Date.now();
    const clock = { nowMs: () => nowMs, monotonicMs: () => 0 };
    const prepare = (destinations: readonly Destination[] | null) =>
      prepareForwarding({ databasePath, destinations, clock, log });
    await prepare(both);
    await erase(id);

    await prepare(null);
    expect(announced("crm")).toEqual([id]);
    await prepare([]);
    expect(filesWith([id])).toEqual([]);

    const other = newId();
    await receiver.post(transcription(other));
    await prepare(both);
    await erase(other);
    nowMs += 7 * DAY_MS + 60_000;
    await prepare(null);
    expect(filesWith([other])).toEqual([]);
  });

  test("is announced to nobody who has not asked, and leaves no file for it", async () => {
    await open([destination("n8n", false)]);
    const id = newId();
    await receiver.post(transcription(id));
    expect(await erase(id)).toEqual({ status: 200, answer: { status: "erased", announcing: 0 } });
    expect(hasForwardFile(receiver.config.databasePath)).toBe(false);
  });

  test("is not announced if nothing was ever known of it", async () => {
    await open();
    expect((await erase(newId())).status).toBe(404);
    expect(hasForwardFile(receiver.config.databasePath)).toBe(false);
  });

  test("is announced if it was too old, too", async () => {
    await open();
    const ids = [newId(), newId()];
    for (const id of ids) await receiver.post(transcription(id));
    expect(await receiver.erase.eraseOld(ids, Date.now() + DAY_MS)).toBe(2);
    expect(announced("crm").toSorted()).toEqual(ids.toSorted());
  });

  test("is announced later if that can't be written, and is not said to be erased before", async () => {
    await open();
    const id = newId();
    await receiver.post(transcription(id));
    const path = forwardPath(receiver.config.databasePath);
    mkdirSync(path);
    expect(await erase(id)).toMatchObject({ status: 500 });
    expect(receiver.rows("SELECT 1 FROM events")).toEqual([]);
    rmdirSync(path);

    await receiver.erase.resume();
    expect(announced("crm")).toEqual([id]);
    expect(filesWith([id]).every((name) => name.startsWith("transcripts.sqlite.forward"))).toBe(true);
  });

  test("is in no backup", async () => {
    await open();
    const id = newId();
    await receiver.post(transcription(id));
    await erase(id);
    const backup = join(newFolder(), "backup");
    expect(await runFor(receiver.folder, "backup", backup)).toMatchObject({ status: 0 });
    expect(filesWith([id])).not.toBeEmpty();
    expect(filesWith([id], backup)).toEqual([]);
    rmSync(dirname(backup), { recursive: true });
  });
});
