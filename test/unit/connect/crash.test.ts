import { describe, expect, test } from "bun:test";
import { carryOut } from "../../../src/connect/carry-out.ts";
import type { ConnectionFiles, Tools } from "../../../src/connect/carry-out.ts";
import { isOurs, noConnection } from "../../../src/connect/connection.ts";
import type { ConnectionRecord } from "../../../src/connect/connection.ts";
import { planFinish } from "../../../src/connect/plan-finish.ts";
import { planConnection } from "../../../src/connect/plan.ts";
import { readWorkspace } from "../../../src/connect/read.ts";
import type { ConnectPlan, Known } from "../../../src/connect/steps.ts";
import { makeWorkspace } from "../../helpers/workspace.ts";

const URL = "https://hooks.example.com/webhook";
const MOVED = "https://other.example.com/webhook";
const RUNS_MAX = 8;

/** The run ends here, as by a kill. */
class Died extends Error {}

/** Where a run dies: at its n-th request or write, before or after it has taken effect. null: nowhere. */
type Death = { at: number; when: "before" | "after" } | null;

type Command = "connect" | "rotate" | "finish" | "replace" | "move";

/** The workspace, the files, and what the receiver has in memory: what outlives a run. */
function makeWorld({ seesUsages = true } = {}) {
  const workspace = makeWorkspace({ seesUsages });
  const disk = { secrets: [] as string[], connection: noConnection };
  let held: string[] = [];
  const first = new Set<string>();
  let operations = 0;

  /** What is true at every moment. */
  function judge(): void {
    const named = workspace.named();
    const webhook = workspace.webhooks.find(({ id }) => id === named);
    // Somebody else's may have been there before; its secret is theirs.
    if (webhook !== undefined && !first.has(webhook.id)) expect(held).toContain(webhook.secret);
    for (const { id, name, secret } of workspace.webhooks) {
      if (first.has(id)) continue;
      const isKnown = isOurs({ webhookId: id, name }, disk.connection);
      expect(isKnown || disk.secrets.includes(secret)).toBe(true);
    }
    for (const { id, agents } of workspace.deleted) expect([first.has(id), agents]).toEqual([false, 0]);
  }

  /** Counts an operation, and dies at the one that was chosen. */
  function mortal<Args extends unknown[], T>(death: Death, work: (...args: Args) => Promise<T>) {
    return async (...args: Args): Promise<T> => {
      operations += 1;
      const isLast = death?.at === operations;
      if (isLast && death?.when === "before") throw new Died();
      const result = await work(...args);
      judge();
      if (isLast) throw new Died();
      return result;
    };
  }

  function tools(death: Death): Tools {
    const files: ConnectionFiles = {
      proveWritable: mortal(death, async () => {}),
      readSecrets: async () => [...disk.secrets],
      writeSecrets: mortal(death, async (secrets) => {
        disk.secrets = [...secrets];
      }),
      writeConnection: mortal(death, async (connection: ConnectionRecord) => {
        disk.connection = structuredClone(connection);
      }),
    };
    const { client } = workspace;
    return {
      client: {
        ...client,
        getSettings: mortal(death, client.getSettings),
        patchSettings: mortal(death, client.patchSettings),
        listWebhooks: mortal(death, client.listWebhooks),
        createWebhook: mortal(death, client.createWebhook),
        patchWebhook: mortal(death, client.patchWebhook),
        deleteWebhook: mortal(death, client.deleteWebhook),
      },
      files,
      reload: mortal(death, async () => {
        held = [...disk.secrets];
        return null;
      }),
      nowSeconds: () => 1793620800,
      newNonce: () => String(Math.random()).slice(2).padEnd(16, "0").slice(0, 16),
      say: () => {},
    };
  }

  function planFor(command: Command, known: Known): ConnectPlan {
    if (command === "finish") return planFinish(known);
    return planConnection(known, {
      url: command === "move" ? MOVED : URL,
      isRotation: command === "rotate",
      mayReplace: command === "replace",
    });
  }

  return {
    workspace,
    disk,
    first,
    held: () => held,
    /** Runs a command once. Returns what it said, or that it died. */
    async run(command: Command, death: Death = null) {
      operations = 0;
      const used = tools(death);
      try {
        const known: Known = {
          ...(await readWorkspace(used.client)),
          connection: disk.connection,
          secrets: disk.secrets,
          secretFile: "/etc/secret",
          reload: "service",
          nowSeconds: 1793620800,
        };
        const plan = planFor(command, known);
        const problem = plan.kind === "refused" ? plan.problem : await carryOut(plan, disk.connection, used);
        return { kind: "ended", problem, operations } as const;
      } catch (error) {
        if (error instanceof Died) return { kind: "died" } as const;
        throw error;
      }
    },
  };
}

type World = ReturnType<typeof makeWorld>;

/** What there is before the command that dies. */
async function prepare(command: Command, options: { seesUsages?: boolean } = {}): Promise<World> {
  const world = makeWorld(options);
  if (command === "replace") {
    const { id, secret } = world.workspace.addForeign();
    world.first.add(id);
    world.workspace.changeSettings({
      webhooks: { post_call_webhook_id: id, events: ["transcript"], send_audio: true },
      rag_retention_period_days: 7,
    });
    world.disk.secrets = [secret];
    return world;
  }
  const before: Command[] = command === "connect" ? [] : ["connect"];
  if (command === "finish") before.push("rotate");
  for (const one of before) expect(await world.run(one)).toMatchObject({ problem: null });
  return world;
}

/** Runs until nothing is left to do, and says what is there then. */
async function complete(world: World, command: Command) {
  for (let run = 0; run < RUNS_MAX; run += 1) {
    // A rotation that has taken place is not repeated: the next run of it is refused.
    const result = await world.run(command);
    if (result.kind === "ended" && result.problem === null) break;
    if (result.kind === "ended" && result.problem?.includes("An earlier rotation") === true) break;
    expect(result).toMatchObject({ problem: null });
  }
  const { workspace, disk } = world;
  const own = workspace.webhooks.filter(({ id }) => !world.first.has(id));
  const named = own.find(({ id }) => id === workspace.named());
  return {
    own: own.length,
    secrets: disk.secrets.length,
    isHeld: world.held().includes(named?.secret ?? ""),
  };
}

const commands: [Command, { own: number; secrets: number }][] = [
  ["connect", { own: 1, secrets: 1 }],
  ["rotate", { own: 2, secrets: 2 }],
  ["finish", { own: 1, secrets: 1 }],
  ["replace", { own: 1, secrets: 2 }],
  ["move", { own: 2, secrets: 2 }],
];

describe.each(commands)("%s", (command, expected) => {
  test("undisturbed", async () => {
    const world = await prepare(command);
    expect(await complete(world, command)).toEqual({ ...expected, isHeld: true });
  });

  test("killed at each request and each write, twice, and run again", async () => {
    const whole = await (await prepare(command)).run(command);
    const last = whole.kind === "ended" ? whole.operations : 0;
    expect(last).toBeGreaterThan(4);
    const deaths = Array.from({ length: last }, (_, index) => index + 1).flatMap((at) => [
      { at, when: "before" } as const,
      { at, when: "after" } as const,
    ]);
    for (const first of deaths) {
      for (const second of [null, ...deaths]) {
        const world = await prepare(command);
        expect((await world.run(command, first)).kind).toBe("died");
        if (second !== null) await world.run(command, second);
        expect({ first, second, ...(await complete(world, command)) }).toEqual({
          first,
          second,
          ...expected,
          isHeld: true,
        });
      }
    }
  });

  test("killed at each request and each write by a key that sees no usages: nothing is deleted", async () => {
    const whole = await (await prepare(command, { seesUsages: false })).run(command);
    const last = whole.kind === "ended" ? whole.operations : 0;
    for (let at = 1; at <= last; at += 1) {
      for (const when of ["before", "after"] as const) {
        const world = await prepare(command, { seesUsages: false });
        await world.run(command, { at, when });
        await complete(world, command);
        expect(world.workspace.deleted).toEqual([]);
      }
    }
  });
});

test("the settings of others stay, through every death", async () => {
  const world = await prepare("replace");
  for (let at = 1; at < 20; at += 1) await world.run("replace", { at, when: "after" });
  expect(world.workspace.settings()).toEqual({
    webhooks: {
      post_call_webhook_id: "wh_2",
      events: ["transcript", "audio", "call_initiation_failure"],
    },
    rag_retention_period_days: 7,
  });
});
