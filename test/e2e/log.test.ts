import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventFixtures, fixture, SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { privateTexts } from "../helpers/private-texts.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { isShared } from "../helpers/shared-store.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "receiver-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

const inShell = (script: string, ...args: string[]) => ["bash", "-c", script, EXECUTABLE, ...args];

async function deliverMany(receiver: Receiver, count: number, prefix: string): Promise<Set<number>> {
  const statuses = new Set<number>();
  const id = prefix.padEnd(50, "_");
  for (let index = 0; index < count; index += 50) {
    const bodies = Array.from({ length: 50 }, (_, offset) => transcription(`${id}${index + offset}`));
    for (const { status } of await Promise.all(bodies.map((body) => receiver.post(body))))
      statuses.add(status);
  }
  return statuses;
}

test.each([
  ["is full", 'exec "$0" serve >/dev/full'],
  ["is closed", 'exec "$0" serve >&-'],
  ["is closed, as are all others", 'exec "$0" serve <&- >&- 2>&-'],
  ["has lost its reader", 'exec "$0" serve > >(true)'],
])("goes on where standard output %s", async (_, script) => {
  const receiver = await startReceiver({ command: inShell(script) });
  expect(await deliverMany(receiver, 200, "conv_unheard")).toEqual(new Set([200]));
  expect(receiver.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 200 }]);
  if (!isShared) expect(receiver.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  await receiver.stop();
});

test("goes on where nobody reads the log, and says what was lost when somebody does again", async () => {
  const pipe = join(folder, "pipe");
  expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const receiver = await startReceiver({
    command: inShell('exec "$0" serve 1<>"$1"', pipe),
    environment: { LOG_FORMAT: "json" },
  });
  // More than the pipe and the memory set aside for a slow reader can hold.
  expect(await deliverMany(receiver, 5000, "conv_unread")).toEqual(new Set([200]));
  expect(receiver.peakMemoryBytes()).toBeLessThan(200_000_000);

  const before = await drain(reader);
  expect(before.length).toBeGreaterThan(64 * 1024);
  await deliverMany(receiver, 50, "conv_read_again");
  const after = await drain(reader);
  const [notice = "", lost = "0"] = /^\((\d+) log lines were lost\)\n/m.exec(after) ?? [];
  const received = `${before}${after.replace(notice, "")}`
    .split("\n")
    .filter((line) => line.includes("Received"));
  expect(Number(lost)).toBeGreaterThan(0);
  expect(received.length + Number(lost)).toBe(5050);
  await receiver.stop();
  closeSync(reader);
});

/** Reads what a pipe holds, until nothing more comes for a while. */
async function drain(descriptor: number): Promise<string> {
  const buffer = Buffer.alloc(64 * 1024);
  let text = "";
  for (let idleMs = 0; idleMs < 300;) {
    try {
      text += buffer.toString("utf8", 0, readSync(descriptor, buffer));
      idleMs = 0;
    } catch {
      await Bun.sleep(20);
      idleMs += 20;
    }
  }
  return text;
}

test.each(["text", "json"])("logs nothing private in the form %s, whatever is delivered", async (format) => {
  const receiver = await startReceiver({ environment: { LOG_FORMAT: format, LOG_LEVEL: "DEBUG" } });
  const hidden = new Set([SECRET, SECRET.slice(5)]);
  for (const name of eventFixtures()) {
    const body = fixture(name);
    const cut = body.subarray(0, -20);
    const renamed = Buffer.from(body.toString().replace(/"conversation_id"/g, '"other_id"'));
    for (const text of privateTexts(JSON.parse(body.toString()))) hidden.add(text);
    for (const bytes of [body, body, cut, renamed]) await receiver.post(bytes);
    for (const header of [
      sign(cut),
      sign(body, { timestamp: 1 }),
      "t=1",
      `v0=${body.toString("hex", 0, 32)}`,
    ]) {
      hidden.add(header.replace(/^t=\d+,v0=|^v0=/, ""));
      await receiver.post(body, header);
    }
    hidden.add(sign(body).slice(-64));
  }
  hidden.delete("t=1");

  const output = receiver.output();
  expect(output.split("\n").length).toBeGreaterThan(eventFixtures().length * 4);
  expect(hidden.size).toBeGreaterThan(300);
  expect([...hidden].filter((text) => output.includes(text))).toEqual([]);
  expect(output).not.toMatch(/[0-9a-f]{64}/i);
  expect(output).not.toMatch(/\+\d{7}/);
  await receiver.stop();
});

test("writes each line as one JSON object where told so", async () => {
  const receiver = await startReceiver({ environment: { LOG_FORMAT: "json" } });
  await receiver.post(transcription("conv_json"));
  await receiver.post('{"type":"new\\nline"}');
  await receiver.stop({ keepFolder: true });
  const lines = receiver.output().trimEnd().split("\n");
  for (const line of lines) expect(Object.keys(JSON.parse(line))).toContain("level");
  expect(lines.some((line) => line.includes('"conversation":"conv_json"'))).toBe(true);
  rmSync(receiver.folder, { recursive: true });
});

test("lets no payload forge a line of the text form", async () => {
  const receiver = await startReceiver();
  await receiver.post('{"type":"x\\n2026-01-01T00:00:00.000Z ERROR   forged"}');
  await receiver.post(transcription("conv_1\nforged", {}));
  await receiver.stop();
  expect(receiver.output()).toContain("forged");
  expect(receiver.output()).not.toMatch(/^(?!\d{4}-.*(INFO|WARNING)).*forged/m);
});

test("says at its start what is stored where, and what is not", async () => {
  const storing = await startReceiver();
  await storing.stop();
  const { TRANSCRIPT_STORAGE_PATH: events = "postgres://", AUDIO_STORAGE_PATH: recordings = "" } =
    storing.data;
  expect(storing.output()).toContain(`Events go to ${events}`);
  expect(storing.output()).toContain(`Recordings go to ${recordings.split("?")[0]}`);
  expect(storing.output()).toContain(`Listening on ${storing.url}`);
  expect(storing.output()).not.toContain("NOT stored");
  expect(storing.output()).toMatch(/INFO +API off: set API_TOKEN to turn it on$/m);

  const environment = {
    API_TOKEN: "0123456789abcdef".repeat(2),
    ENABLE_TRANSCRIPT_STORAGE: "false",
    ENABLE_AUDIO_STORAGE: "false",
  };
  const forgetful = await startReceiver({ environment });
  await forgetful.stop();
  expect(forgetful.output()).toContain("The content of events is NOT stored");
  expect(forgetful.output()).toContain("Recordings are NOT stored");
  expect(forgetful.output()).not.toContain("Recordings go to");
  expect(forgetful.output()).toMatch(/INFO +API on: http:.*\/docs describes it$/m);
});
