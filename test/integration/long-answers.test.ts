import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { listen } from "../../src/http/server.ts";
import type { Server } from "../../src/http/server.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { transcription } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/ports.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
/** Longer than a connection may be quiet: IDLE_SECONDS, and the runtime's first look after them. */
const LONG_MS = 14_000;

const headers = { authorization: `Bearer ${TOKEN}` };
let app: TestApp;
let server: Server;

/** On a real port: only connections have times. */
beforeEach(async () => {
  app = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const listening = listen(app.app, { ...app.config, port: await freePort() });
  if (listening.kind === "failed") throw new Error(listening.problem);
  ({ server } = listening);
});
afterEach(async () => {
  await server.stopNow();
  await app.close();
});

/** Another program that reads a file, and does not end. */
function readOn(ending = ""): { end: () => void } {
  const reader = new Database(app.config.databasePath + ending, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM sqlite_schema").values();
  return {
    end() {
      reader.run("COMMIT");
      reader.close();
    },
  };
}

test("a DELETE that waits for a reader of the database is answered", async () => {
  await app.post(transcription("conv_1"));
  const reader = readOn();
  const erased = fetch(`${server.url}/conversations/conv_1`, { method: "DELETE", headers });
  await Bun.sleep(LONG_MS);
  reader.end();
  expect((await erased).status).toBe(200);
}, 60_000);

test.each([
  ["the database", ""],
  ["the search index", ".search"],
])(
  "a DELETE that a reader of %s keeps from its end says so, and is done the next time",
  async (_, ending) => {
    await app.post(transcription("conv_1"));
    expect((await fetch(`${server.url}/conversations?q=hello`, { headers })).status).toBe(200);
    const reader = readOn(ending);
    const first = await fetch(`${server.url}/conversations/conv_1`, { method: "DELETE", headers });
    expect({ status: first.status, answer: await first.json() }).toMatchObject({
      status: 503,
      answer: { code: "erasure_unfinished" },
    });
    expect(first.headers.get("retry-after")).toBe("60");
    reader.end();
    const second = await fetch(`${server.url}/conversations/conv_1`, { method: "DELETE", headers });
    expect(second.status).toBe(200);
  },
  60_000,
);

test("a question that waits for a slow one is answered", async () => {
  await app.post(transcription("conv_1"));
  expect((await fetch(`${server.url}/conversations?q=hello`, { headers })).status).toBe(200);
  // Each search waits a second for the index, and all others wait for it.
  const index = new Database(`${app.config.databasePath}.search`);
  index.run("PRAGMA busy_timeout = 5000");
  index.run("BEGIN EXCLUSIVE");
  const searches = Array.from({ length: LONG_MS / 1000 }, async (_, number) => {
    await app.post(transcription(`conv_waiting${number}`));
    return fetch(`${server.url}/conversations?q=hello`, { headers });
  });
  const asked = fetch(`${server.url}/events/1`, { headers });
  const statuses = new Set((await Promise.all(searches)).map(({ status }) => status));
  expect((await asked).status).toBe(200);
  expect(statuses).toEqual(new Set([503]));
  index.run("COMMIT");
  index.close();
}, 60_000);
