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

/** The next runs end what was begun, and leave nothing behind. */
async function expectRecovery(here: ConnectRoom, { args, webhooks }: Scenario = scenarios.connect) {
  expectNothingLost(here);
  await here.connect([...argsOf(here), ...args]);
  expectNothingLost(here);
  await here.connect([...argsOf(here), ...args]);
  expectNothingLost(here);
  const { status, stderr } = await here.connect(argsOf(here));
  expect([status, stderr]).toEqual([0, ""]);
  expect(here.fake.workspace.webhooks).toHaveLength(webhooks);
  expect(here.secrets()).toEqual(here.fake.workspace.webhooks.map(({ secret }) => secret));
  expect(here.secrets().at(-1)).toBe(here.named()?.secret ?? "");
}

/** `before`: what was run until then. Each takes two runs: a receiver elsewhere is told to take the secret first. */
type Scenario = { before: string[][]; args: string[]; webhooks: number };

const scenarios = {
  connect: { before: [], args: [], webhooks: 1 },
  rotate: { before: [[], []], args: ["--rotate"], webhooks: 2 },
  finish: { before: [[], [], ["--rotate"], ["--rotate"]], args: ["--finish"], webhooks: 1 },
} satisfies Record<string, Scenario>;

const killed = Object.entries<Scenario>(scenarios).filter(([name]) => isWhole || name === "connect");

test.each(killed)(
  "%s killed at each request, before it has an effect and after, is ended by the next run",
  async (_, scenario) => {
    const prepared = async () => {
      const here = await newRoom();
      for (const args of scenario.before) await here.connect([...argsOf(here), ...args]);
      return here;
    };
    const runAll = async (here: ConnectRoom) => {
      for (let run = 0; run < 2; run += 1) await here.connect([...argsOf(here), ...scenario.args]);
    };
    const whole = await prepared();
    const first = whole.fake.requests.length;
    await runAll(whole);
    const methods = whole.fake.requests.slice(first).map(({ method }) => method);
    expect(methods.filter((method) => method !== "GET")).toEqual(
      scenario === scenarios.finish ? ["DELETE"] : ["POST", "PATCH", "PATCH"],
    );
    for (const [index, method] of methods.entries()) {
      if (method === "GET" && !isWhole) continue;
      for (const kind of ["cut before", "cut after"] as const) {
        const here = await prepared();
        const at = here.fake.requests.length + index + 1;
        here.fake.setFault(({ number }) => {
          if (number !== at) return null;
          here.kill();
          return { kind };
        });
        await runAll(here);
        expect(here.fake.requests.length).toBeGreaterThanOrEqual(at);
        here.fake.setFault(null);
        await expectRecovery(here, scenario);
      }
    }
  },
);

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
