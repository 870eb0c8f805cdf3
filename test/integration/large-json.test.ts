import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { newFolder, runFor } from "../helpers/backups.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const MIB = 1024 * 1024;

let receiver: TestApp;

const open = async (folder?: string, storeTranscripts = true) => {
  const config = { apiTokens: [TOKEN], storeTranscripts };
  receiver = await openTestApp(folder === undefined ? { config } : { config, folder });
};
beforeEach(() => open());
afterEach(() => receiver.close());

/** Words as speech to text sends them: about 100 bytes and six values each. */
const words = (bytes: number) => {
  const word =
    '{"text":"wörd","start":12.25,"end":12.5,"type":"word","speaker_id":"speaker_0","logprob":-0.125}';
  return `[${Array.from({ length: Math.ceil(bytes / word.length) }, () => word).join(",")}]`;
};
const speechToText = (bytes: number) =>
  `{"type":"speech_to_text_transcription", "data":{"request_id":"r","transcription":{"words":${words(bytes)}}}}\n`;
const agentQa = (bytes: number, conversation: string) =>
  `{"type":"agent_qa","event_timestamp":1793620890,"data":{"conversation_id":"${conversation}","agent_id":"agent_1","x":${words(bytes)}}}`;
const transcription = (x: string) =>
  `{"type":"post_call_transcription","event_timestamp":1793620890,"data":{"x":${x},"conversation_id":"conv_1","agent_id":"agent_1","transcript":[{"role":"user","message":"Hello"}]}}`;
const manyValues = (count: number) => `[${"[],".repeat(count - 2)}[]]`;

const sha256 = (body: string) => new Bun.CryptoHasher("sha256").update(body).digest("hex");
const bodies = () => {
  const folder = join(receiver.folder, "quarantine");
  return existsSync(folder) ? readdirSync(folder) : [];
};
const rows = () =>
  receiver.rows(
    "SELECT type, conversation_id, agent_id, event_timestamp, status, error, payload_path, length(payload) AS length FROM events",
  );
const erase = (conversation: string) =>
  receiver.handle(`/conversations/${conversation}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
const payloadOf = (id: number) =>
  receiver.handle(`/events/${id}/payload`, { headers: { authorization: `Bearer ${TOKEN}` } });

describe("an event that nothing is derived from", () => {
  test("is stored as it is in its row up to 16 MiB", async () => {
    const body = speechToText(15 * MIB);
    expect((await receiver.post(body)).status).toBe(200);
    expect(receiver.rows<{ payload: string }>("SELECT payload FROM events")[0]?.payload === body).toBe(true);
    expect(bodies()).toEqual([]);
  });

  test("is stored as it is in a file above, and read like any other", async () => {
    const body = speechToText(17 * MIB);
    for (const _ of ["first", "again"]) expect((await receiver.post(body)).status).toBe(200);
    const path = `quarantine/${sha256(body)}.body`;
    expect(rows()).toEqual([
      {
        type: "speech_to_text_transcription",
        conversation_id: null,
        agent_id: null,
        event_timestamp: null,
        status: "processed",
        error: null,
        payload_path: path,
        length: null,
      },
    ]);
    expect(statSync(join(receiver.folder, path)).mode & 0o777).toBe(0o600);
    const response = await payloadOf(1);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect((await response.text()) === body).toBe(true);
    expect(readdirSync(join(receiver.folder, "spool"))).toEqual([]);
  });

  test("survives a stop without order, its file with it", async () => {
    await receiver.post(speechToText(17 * MIB));
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    writeFileSync(join(folder, "transcripts.sqlite.running"), "");
    await open(folder);
    expect(bodies()).toHaveLength(1);
    expect(receiver.logLines.join("")).not.toContain("missing");
  });

  test("is erased with its conversation, and dropped when it comes again", async () => {
    const body = agentQa(17 * MIB, "conv_1");
    await receiver.post(body);
    expect(bodies()).toHaveLength(1);
    expect((await erase("conv_1")).status).toBe(200);
    expect([...rows(), ...bodies()]).toEqual([]);
    expect((await receiver.post(body)).status).toBe(200);
    expect([...rows(), ...bodies()]).toEqual([]);
  });

  test("is in a backup, and comes back from it", async () => {
    const body = speechToText(17 * MIB);
    await receiver.post(body);
    const root = newFolder();
    for (const args of [
      ["backup", join(root, "backup")],
      ["backup", "verify", join(root, "backup")],
    ]) {
      expect(await runFor(receiver.folder, ...args)).toMatchObject({ status: 0, stderr: "" });
    }
    const restored = join(root, "restored");
    expect(await runFor(restored, "restore", join(root, "backup"))).toMatchObject({ status: 0 });
    await receiver.close();
    await open(restored);
    expect((await (await payloadOf(1)).text()) === body).toBe(true);
    await receiver.close();
    rmSync(root, { recursive: true, force: true });
    await open();
  });

  test("leaves no content where none is kept", async () => {
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    await open(folder, false);
    expect((await receiver.post(speechToText(17 * MIB))).status).toBe(200);
    expect(rows()).toMatchObject([{ status: "processed", payload_path: null, length: null }]);
    expect(bodies()).toEqual([]);
    expect(readdirSync(join(receiver.folder, "spool"))).toEqual([]);
  });

  test("leaves no file that no row names when it comes again", async () => {
    const body = speechToText(17 * MIB);
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    await open(folder, false);
    await receiver.post(body);
    await receiver.close({ keepFolder: true });
    await open(folder);
    expect((await receiver.post(body)).status).toBe(200);
    expect(rows()).toMatchObject([{ payload_path: null }]);
    expect(bodies()).toEqual([]);
  });

  test.each([
    ["cut off", (body: string) => body.slice(0, -4)],
    ["with a comma too many", (body: string) => body.replace("]}", ",]}")],
    ["with more behind it", (body: string) => `${body}{}`],
  ])("is quarantined when it is no JSON: %s", async (_, change) => {
    expect(await receiver.post(change(speechToText(MIB)))).toMatchObject({
      status: 400,
      answer: { code: "invalid_json" },
    });
    expect(bodies()).toHaveLength(1);
  });
});

describe("an event that something is derived from", () => {
  test("is processed when it is larger than 16 MiB", async () => {
    const body = transcription(`"${"x".repeat(20 * MIB)}"`);
    expect((await receiver.post(body)).status).toBe(200);
    expect(rows()).toMatchObject([{ status: "processed", length: body.length, payload_path: null }]);
    expect(receiver.rows("SELECT message FROM turns")).toEqual([{ message: "Hello" }]);
  });

  // The envelope and its turn have ten values.
  test("is processed with 500,000 values", async () => {
    expect((await receiver.post(transcription(manyValues(500_000 - 10)))).status).toBe(200);
    expect(rows()).toMatchObject([{ status: "processed", conversation_id: "conv_1" }]);
  });

  test("is quarantined with one more, and can be found and erased", async () => {
    const body = transcription(manyValues(500_000 - 9));
    expect(await receiver.post(body)).toMatchObject({ status: 400, answer: { code: "invalid_payload" } });
    expect(rows()).toEqual([
      {
        type: "post_call_transcription",
        conversation_id: "conv_1",
        agent_id: "agent_1",
        event_timestamp: 1793620890,
        status: "quarantined",
        error: "invalid_payload: more than 500000 values",
        payload_path: `quarantine/${sha256(body)}.body`,
        length: null,
      },
    ]);
    expect((await erase("conv_1")).status).toBe(200);
    expect([...rows(), ...bodies()]).toEqual([]);
  });
});

describe("what an earlier version has quarantined for its size", () => {
  const tooLarge = { error: "invalid_payload: more than 16777216 bytes of JSON" };

  test.each([
    ["speech to text, which stays a file", speechToText(17 * MIB), 1],
    ["a transcription", transcription(`"${"x".repeat(17 * MIB)}"`), 0],
  ])("is processed by the next reprocess: %s", async (_, body, fileCount) => {
    const id = quarantineAsBefore(receiver.config.databasePath, body, tooLarge);
    expect((await receiver.command(`/events/${id}/reprocess`)).answer).toEqual({
      id,
      status: "processed",
      error: null,
    });
    expect(rows()).toMatchObject([{ status: "processed", error: null }]);
    expect((await (await payloadOf(id)).text()) === body).toBe(true);
    expect(bodies()).toHaveLength(fileCount);
    // The next delivery of the same body is a duplicate, and takes nothing away.
    expect((await receiver.post(body)).status).toBe(200);
    expect((await (await payloadOf(id)).text()) === body).toBe(true);
  });

  test("keeps a file that another row names when it is reprocessed", async () => {
    const body = agentQa(17 * MIB, "conv_1");
    const id = quarantineAsBefore(receiver.config.databasePath, body, tooLarge);
    expect((await receiver.post(body)).status).toBe(200);
    expect(rows()).toHaveLength(2);
    expect((await receiver.command(`/events/${id}/reprocess`)).status).toBe(200);
    expect(rows()).toMatchObject([{ status: "processed", conversation_id: "conv_1" }]);
    expect((await (await payloadOf(id + 1)).text()) === body).toBe(true);
  });
});
