import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { newFolder, settingsFor } from "../helpers/backups.ts";
import { transcription } from "../helpers/deliveries.ts";
import { createDestinations, until } from "../helpers/destination.ts";
import { ownForwardConfig } from "../helpers/forward-config.ts";
import { runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(120_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const root = newFolder();
const data = join(root, "data");
const backup = join(root, "backup");
const { start: destination, stop } = createDestinations();
let receiver: Receiver | null = null;

afterEach(async () => {
  await receiver?.stop().catch(() => {});
  receiver = null;
  stop();
  rmSync(root, { recursive: true, force: true });
});

async function start(config: string): Promise<Receiver> {
  mkdirSync(data, { recursive: true });
  const environment = { FORWARD_CONFIG: config, API_TOKEN: TOKEN };
  receiver = await startReceiver({ folder: data, environment });
  return receiver;
}

async function stopReceiver(): Promise<void> {
  await receiver?.stop({ keepFolder: true });
  receiver = null;
}

const run = (config: string, ...args: string[]) =>
  runExecutable(args, { ...settingsFor(data), FORWARD_CONFIG: config }, root);

/** Delivers a number of events, all at once. */
async function deliver({ post }: Receiver, prefix: string, count: number): Promise<void> {
  const bodies = Array.from({ length: count }, (_, index) => transcription(`${prefix}_${index}`));
  for (const { status } of await Promise.all(bodies.map((body) => post(body)))) expect(status).toBe(200);
}

/** The files below the data's folder that hold a text. */
function filesWith(text: string): string[] {
  return readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => {
    const path = join(data, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

test("after a restore of an older backup what is new arrives by the command that is named, under ids of its own", async () => {
  const crm = destination();
  const config = ownForwardConfig([{ name: "crm", url: crm.url }]);
  const before = await start(config);
  await deliver(before, "kept", 60);
  await until("60 are forwarded", () => crm.taken.size === 60);
  expect(await run(config, "backup", backup)).toMatchObject({ status: 0 });
  await deliver(before, "lost", 40);
  await until("100 are forwarded", () => crm.taken.size === 100);
  await stopReceiver();

  // What is not data stays: how far the destinations are.
  mkdirSync(join(root, "moved"));
  for (const name of ["transcripts.sqlite", "audio"]) renameSync(join(data, name), join(root, "moved", name));
  for (const name of readdirSync(data).filter((one) => /sqlite-|search/.test(one))) rmSync(join(data, name));
  expect(await run(config, "restore", backup)).toMatchObject({ status: 0, stderr: "" });

  const after = await start(config);
  await deliver(after, "new", 50);
  await until("the log warns", () => after.output().includes("forward replay"));
  expect(crm.taken.size).toBe(100);

  const status = await run(config, "forward", "status");
  expect(status.status).toBe(1);
  const [, command = ""] =
    /do: elevenlabs-webhook (forward replay crm --after \d+)/.exec(status.stdout) ?? [];
  expect(await run(config, ...command.split(" "))).toMatchObject({
    status: 0,
    stdout: "crm is sent what comes after event 60: 50 events so far\n",
  });
  await until("150 are forwarded", () => crm.taken.size === 150);

  const conversations = crm.requests.map(({ body }) => String(JSON.parse(body).data.conversation_id));
  expect(conversations.slice(100).toSorted()).toEqual(
    Array.from({ length: 50 }, (_, index) => `new_${index}`).toSorted(),
  );
  expect(new Set(crm.requests.map(({ id }) => id)).size).toBe(150);
  expect(crm.requests).toHaveLength(150);
  expect(crm.faults).toEqual([]);
  expect((await run(config, "forward", "status")).stdout).toBe(
    "crm  ok  at event 110 of 110, 0 waiting to be repeated, 0 dead\n",
  );
});

test("an erased conversation is not sent any more, is announced, and leaves its id in no file", async () => {
  const id = "conv_erased0123456789";
  let isUp = false;
  const crm = destination();
  const failing = destination(() => new Response(null, { status: isUp ? 204 : 503 }));
  const config = ownForwardConfig([
    { name: "crm", url: crm.url, conversation_erased: true },
    { name: "failing", url: failing.url },
  ]);
  const first = await start(config);
  await first.post(transcription(id));
  await until(
    "one has it and one has refused it",
    () => crm.taken.size === 1 && failing.requests.length === 1,
  );
  await until("it is parked", async () =>
    (await run(config, "forward", "status")).stdout.includes("1 waiting to be repeated"),
  );

  const response = await fetch(`${first.url}/conversations/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(await response.json()).toEqual({ status: "erased", announcing: 1 });
  await until("it is announced", () => crm.taken.size === 2);
  expect(JSON.parse(crm.requests[1]?.body ?? "")).toEqual({
    type: "conversation_erased",
    timestamp: expect.stringMatching(/Z$/),
    data: { conversation_id: id },
  });
  expect(crm.faults).toEqual([]);

  isUp = true;
  const sent = failing.requests.length;
  await first.post(transcription("conv_other"));
  await until("the next one is sent", () => failing.taken.size === 1);
  // What is parked has its turn by then: its first repeat is due after at most six seconds.
  await until("nothing is parked", async () =>
    (await run(config, "forward", "status")).stdout.includes(
      "failing  ok  at event 2 of 2, 0 waiting to be repeated, 0 dead",
    ),
  );
  expect(failing.requests.slice(sent).map(({ body }) => JSON.parse(body).data.conversation_id)).toEqual([
    "conv_other",
  ]);

  // The traces are cleared once a minute, and at a start.
  await stopReceiver();
  await start(config);
  await until("its id is in no file", () => filesWith(id).length === 0);
  expect(filesWith("conv_other")).not.toBeEmpty();
});
