import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign, transcription } from "../helpers/deliveries.ts";
import { processIds, stopAll, untilOutput } from "../helpers/reload.ts";
import { openRaw, requestHead } from "../helpers/raw.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { startLoad } from "../helpers/steady-load.ts";
import { buildNextVersion } from "./next-version.ts";

setDefaultTimeout(120_000);

/** A receiver whose executable can be replaced. */
async function startReplaceable() {
  const folder = mkdtempSync(join(tmpdir(), "receiver-"));
  const program = join(folder, "program");
  copyFileSync(EXECUTABLE, program);
  return { receiver: await startReceiver({ folder, command: [program, "serve"] }), program };
}

/** Puts a version in its place by a rename, as `service install` does, and reloads. */
async function reloadWith(receiver: Receiver, program: string, version: string) {
  copyFileSync(version, `${program}.new`);
  renameSync(`${program}.new`, program);
  return runExecutable(["reload"], { TRANSCRIPT_STORAGE_PATH: databaseOf(receiver) });
}

const databaseOf = ({ folder }: Receiver) => join(folder, "transcripts.sqlite");
const copies = ({ folder }: Receiver) =>
  readdirSync(folder).filter((name) => name.includes(".before-schema-"));
const count = (receiver: Receiver) => receiver.rows<{ n: number }>("SELECT count(*) AS n FROM events")[0]?.n;

/** A delivery that is in flight until the rest of it is sent. */
async function beginDelivery({ port }: Receiver, id: string) {
  const body = transcription(id);
  const connection = await openRaw(port);
  const headers = { "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) };
  await connection.write(requestHead(headers) + body.slice(0, 50));
  return async () => {
    await connection.write(body.slice(50));
    const { status } = await connection.response();
    connection.close();
    return status;
  };
}

describe("an upgrade whose schema older versions may use", () => {
  test("happens beside the version before, and is taken back by its executable alone", async () => {
    const next = buildNextVersion({
      sql: "ALTER TABLE events ADD COLUMN note TEXT; CREATE INDEX events_note ON events (note);",
      olderPrograms: "go on",
    });
    const { receiver, program } = await startReplaceable();
    const finish = await beginDelivery(receiver, "conv_in_flight");
    expect((await receiver.post(transcription("conv_before"))).status).toBe(200);
    expect(await reloadWith(receiver, program, next)).toMatchObject({ status: 0 });
    // Received by the version before, in the schema of the next.
    expect(await finish()).toBe(200);
    expect((await receiver.post(transcription("conv_next"))).status).toBe(200);
    expect(receiver.rows("SELECT note FROM events")).toHaveLength(3);
    expect(copies(receiver)).toHaveLength(1);

    expect(await reloadWith(receiver, program, EXECUTABLE)).toMatchObject({ status: 0 });
    await untilOutput(receiver, "Handed over", 2);
    expect((await receiver.post(transcription("conv_back"))).status).toBe(200);
    expect(count(receiver)).toBe(4);
    await stopAll(receiver);
  });
});

describe("an upgrade whose schema older versions can't use", () => {
  test("lets the version before finish first, while requests wait; the way back is the copy", async () => {
    const next = buildNextVersion({
      sql: "ALTER TABLE events RENAME COLUMN agent_id TO agent; ALTER TABLE events RENAME COLUMN agent TO agent_id;",
      olderPrograms: "stop",
    });
    const { receiver, program } = await startReplaceable();
    const loads = [true, false].map((isKeptAlive) =>
      startLoad({ port: receiver.port, connections: 4, isKeptAlive, name: `${isKeptAlive}` }),
    );
    const finish = await beginDelivery(receiver, "conv_in_flight");
    await Bun.sleep(200);
    expect(await reloadWith(receiver, program, next)).toMatchObject({ status: 0 });
    expect(receiver.output()).toContain("requests wait until that one has finished");
    expect(await finish()).toBe(200);
    await untilOutput(receiver, "Handed over");
    await untilOutput(receiver, "Listening on", 2);
    await Bun.sleep(200);
    const results = await Promise.all(loads.map((load) => load.stop()));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(count(receiver)).toBe(results.reduce((sum, { answered }) => sum + answered, 1));

    // The version before does not touch it, and says what to do.
    const back = await reloadWith(receiver, program, EXECUTABLE);
    expect(back.status).toBe(1);
    const [copy = ""] = copies(receiver);
    expect(back.stderr).toContain(`restore the copy made before the upgrade, ${join(receiver.folder, copy)}`);
    expect((await receiver.post(transcription("conv_next"))).status).toBe(200);
    expect(processIds(receiver)).toHaveLength(2);
    await stopAll(receiver, { keepFolder: true });

    // As docs/operations.md says: stopped, the newer one put away, the copy in its place.
    renameSync(databaseOf(receiver), `${databaseOf(receiver)}.newer`);
    copyFileSync(join(receiver.folder, copy), databaseOf(receiver));
    const restored = await startReceiver({ folder: receiver.folder, command: [program, "serve"] });
    expect((await restored.post(transcription("conv_restored"))).status).toBe(200);
    const newer = new Database(`${databaseOf(receiver)}.newer`, { readonly: true });
    expect(newer.query("SELECT count(*) AS n FROM events WHERE conversation_id = 'conv_next'").get()).toEqual(
      { n: 1 },
    );
    newer.close();
    await restored.stop();
  });
});
