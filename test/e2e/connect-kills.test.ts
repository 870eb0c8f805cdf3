import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connectRoom, startAddress } from "../helpers/connect.ts";
import type { ConnectRoom } from "../helpers/connect.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { EXECUTABLE } from "../helpers/receiver.ts";
import { canTraceFor } from "../helpers/strace.ts";

setDefaultTimeout(300_000);

/** scripts/kill-connect kills everywhere; here it is done where something changes. */
const isWhole = process.env.CONNECT_KILLS === "all";
const calls = isWhole ? ["openat", "write", "fsync", "fchmod", "rename", "unlink"] : ["rename"];

let place: Bun.Server<undefined>;
beforeAll(() => {
  place = startAddress();
});
afterAll(() => place.stop(true));

let room: ConnectRoom | null = null;
afterEach(() => room?.fake.stop());

/** An empty workspace and an empty folder. */
async function newRoom(): Promise<ConnectRoom> {
  await room?.fake.stop();
  room = connectRoom(await startFakeElevenLabs(), temporaryFolder());
  return room;
}

const argsOf = ({ secretFile }: ConnectRoom) => [
  `http://127.0.0.1:${place.port}/webhook`,
  "--secret-to",
  secretFile,
];

/** What holds at every moment. */
function expectNothingLost({ fake, folder, named, secrets }: ConnectRoom): void {
  const webhook = named();
  if (webhook !== undefined) expect(secrets()).toContain(webhook.secret);
  const path = join(folder, "connection.json");
  const state = existsSync(path) ? readFileSync(path, "utf8") : "";
  for (const { name } of fake.workspace.webhooks) expect(state).toContain(name.split(" ").at(-1) ?? "");
}

/** The next runs connect it, and leave nothing behind. */
async function expectRecovery(here: ConnectRoom): Promise<void> {
  expectNothingLost(here);
  await here.connect(argsOf(here));
  expectNothingLost(here);
  const { status, stderr } = await here.connect(argsOf(here));
  expect([status, stderr]).toEqual([0, ""]);
  expect(here.fake.workspace.webhooks).toHaveLength(1);
  expect(here.secrets()).toEqual([here.named()?.secret ?? ""]);
}

test("killed at each request, before it has an effect and after, it is connected by the next run", async () => {
  const whole = await newRoom();
  await whole.connect(argsOf(whole));
  await whole.connect(argsOf(whole));
  const methods = whole.fake.requests.map(({ method }) => method);
  expect(methods.filter((method) => method !== "GET")).toEqual(["POST", "PATCH", "PATCH"]);
  for (const [index, method] of methods.entries()) {
    if (method === "GET" && !isWhole) continue;
    for (const kind of ["cut before", "cut after"] as const) {
      const here = await newRoom();
      here.fake.setFault(({ number }) => {
        if (number !== index + 1) return null;
        here.kill();
        return { kind };
      });
      while (here.fake.requests.length <= index) await here.connect(argsOf(here));
      here.fake.setFault(null);
      await expectRecovery(here);
    }
  }
});

describe.skipIf(!canTraceFor("connect killed at each write"))("at each call of the system", () => {
  test.each(calls)("killed at each %s, it is connected by the next run", async (call) => {
    let deaths = 0;
    for (let at = 1; ; at += 1) {
      const here = await newRoom();
      // Calls of the runtime itself are on other files.
      const onOurs = ["-P", here.folder, "-P", here.secretFile, "-P", `${here.secretFile}.new`];
      const state = join(here.folder, "connection.json");
      const traced = ["strace", "-D", "-f", "-o", "/dev/null", ...onOurs, "-P", state, "-P", `${state}.new`];
      const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${at}`];
      const { status } = await here.connect(argsOf(here), {}, [...traced, ...inject, EXECUTABLE]);
      if (status === 1) break;
      deaths += 1;
      await expectRecovery(here);
    }
    expect(deaths).toBeGreaterThan(1);
  });
});
