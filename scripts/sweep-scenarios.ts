// The runs that scripts/sweep breaks at every call: each begins with prepared data and does one thing.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixture, transcription } from "../test/helpers/deliveries.ts";
import { quarantineAsBefore } from "../test/helpers/quarantine.ts";
import { deliver, erase, failure, largeBroken, recording, reprocess, transcript } from "./sweep-ledger.ts";
import { forwarding } from "./sweep-forward.ts";
import { installing } from "./sweep-install.ts";
import { recovering } from "./sweep-recover.ts";
import type { Ledger, Sent } from "./sweep-ledger.ts";
import { judgeNextStart, judgeOutput, judgeRunning } from "./sweep-judge.ts";
import { runProgram, startProgram, surroundings, workFolder } from "./sweep-program.ts";
import type { Complain, Fault, Process, Scenario } from "./sweep-program.ts";

const WRITES = "wsont";
const emptyLedger = (): Ledger => ({ sent: [], erasures: new Map() });

/** Everything that a receiver does in its life, one after the other. */
async function live(program: Process, ledger: Ledger): Promise<void> {
  const { url } = program;
  const first = transcript("sweep_first");
  const deliveries: Sent[] = [
    first,
    recording("sweep_first"),
    largeBroken("live"),
    failure("sweep_failure"),
    transcript("sweep_erased"),
    recording("sweep_erased"),
  ];
  for (const sent of deliveries) await deliver(url, ledger, sent);
  await deliver(url, ledger, first);
  await erase(url, ledger, "sweep_erased");
  await reprocess(url);
  await deliver(url, ledger, transcript("sweep_last"));
}

/** Whether the receiver is killed, or has no call succeed any more. */
const isEnding = (fault: Fault | null) => fault !== null && (isKill(fault) || fault.times === "on");
const isKill = ({ what }: Fault) => what === "kill" || what === "killed";

/** Runs a receiver under the tracer through some steps and to its end, then judges. */
function receiving(
  name: string,
  steps: (program: Process, ledger: Ledger) => Promise<void>,
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    classes: WRITES,
    sampleMax: 160,
    prepare: async () => emptyLedger(),
    async run(folder, ledger, tracing, complain) {
      rmSync(begun, { force: true });
      const place = surroundings(folder);
      const program = await startProgram(place, tracing);
      if (program.isUp) {
        await steps(program, ledger);
        if (!isEnding(tracing.fault)) await judgeRunning(folder, ledger, complain);
      }
      if ((await program.stop()) === null) complain("it had to be killed");
      judgeOutput(program.output(), complain);
      await judgeNextStart(place, ledger, complain);
    },
    ...more,
  };
}

/** Data of a receiver that has lived, and was stopped or killed. */
async function lived(folder: string, signal: "SIGTERM" | "SIGKILL"): Promise<Ledger> {
  const ledger = emptyLedger();
  const program = await startProgram(surroundings(folder), null);
  await live(program, ledger);
  // What an earlier version could not process waits for the reprocess of the next run.
  quarantineAsBefore(join(folder, "transcripts.sqlite"), transcription("sweep_waiting"));
  program.child.kill(signal);
  await program.child.exited;
  // A socket can't be copied; the next start replaces it.
  rmSync(join(folder, "transcripts.sqlite.control"), { force: true });
  return ledger;
}

/** What an earlier version has left; the ledger knows one of its events. */
async function earlier(folder: string, schema: number): Promise<Ledger> {
  const from = join(import.meta.dir, `../test/fixtures/data-schema-${schema}/stopped`);
  cpSync(from, folder, { recursive: true });
  const ledger = emptyLedger();
  const sent = transcript("unused");
  const body = fixture("transcription_minimal.json");
  const bodySha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  ledger.sent.push({ ...sent, conversationId: null, body, bodySha256, outcome: "acknowledged" });
  return ledger;
}

const oneMore = async ({ url }: Process, ledger: Ledger): Promise<void> => {
  await deliver(url, ledger, transcript("sweep_more"));
};

/** There from the moment on that the calls of a reload count. */
const begun = join(workFolder, "begun");

/** Hands over to a new process in the middle of deliveries. */
async function reload(program: Process, ledger: Ledger): Promise<void> {
  const { url, child, output } = program;
  await deliver(url, ledger, transcript("sweep_before"));
  // What comes before it is swept by other scenarios.
  writeFileSync(begun, "");
  child.kill("SIGHUP");
  const untilMs = performance.now() + 10_000;
  while (!/Handing over|can't|ended|failed/i.test(output()) && performance.now() < untilMs)
    await Bun.sleep(10);
  await deliver(url, ledger, recording("sweep_after", { byteCount: 400_000 }));
  const successor = /Handing over to process (\d+)/.exec(output())?.[1];
  if (successor !== undefined) endProcess(Number(successor));
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}

/** A backup into a folder of its own, and then one more without a fault: it must be whole. */
function backingUp(name: string, isOnTop: boolean): Scenario {
  return {
    name,
    classes: WRITES,
    sampleMax: 30,
    async prepare(folder) {
      const data = join(folder, "data");
      mkdirSync(data);
      const ledger = await lived(data, "SIGTERM");
      if (!isOnTop) return ledger;
      await runProgram(["backup", join(folder, "backup")], surroundings(data), null);
      const program = await startProgram(surroundings(data), null);
      await deliver(program.url, ledger, recording("sweep_since", { byteCount: 300_000 }));
      await program.stop();
      return ledger;
    },
    async run(folder, ledger, tracing, complain) {
      const place = surroundings(join(folder, "data"));
      const backup = join(folder, "backup");
      const first = await runProgram(["backup", backup], place, { ...tracing, traced: backup });
      if (first.status === 0) await expectDone(["backup", "verify", backup], folder, complain);
      await expectDone(["backup", backup], folder, complain);
      const restored = surroundings(join(folder, "restored"));
      const { status, output } = await runProgram(["restore", backup], { ...restored, folder }, null);
      if (status !== 0) complain(`restore: ${output}`);
      else await judgeNextStart(restored, ledger, complain);
    },
  };
}

async function expectDone(args: string[], folder: string, complain: Complain): Promise<void> {
  const { status, output } = await runProgram(args, surroundings(join(folder, "data")), null);
  if (status !== 0) complain(`${args.slice(0, -1).join(" ")} after it: exit ${status}, ${output}`);
}

const restoring: Scenario = {
  name: "restore",
  classes: WRITES,
  sampleMax: 30,
  async prepare(folder) {
    const data = join(folder, "data");
    mkdirSync(data);
    const ledger = await lived(data, "SIGTERM");
    await runProgram(["backup", join(folder, "backup")], surroundings(data), null);
    rmSync(data, { recursive: true });
    return ledger;
  },
  async run(folder, ledger, tracing, complain) {
    const target = join(folder, "data");
    const place = { ...surroundings(target), folder };
    const first = await runProgram(["restore", join(folder, "backup")], place, {
      ...tracing,
      traced: target,
    });
    if (first.status !== 0) {
      // Not half of the data as if it were all.
      if (existsSync(join(target, "transcripts.sqlite"))) await expectRefusedStart(target, complain);
      const again = await runProgram(["restore", join(folder, "backup")], place, null);
      // It had come to its end before the fault: the data is whole.
      const isDone = again.output.includes("holds data") && !isHalfRestored(target);
      if (again.status !== 0 && !isDone)
        return complain(`restore again: exit ${again.status}, ${again.output}`);
    }
    await judgeNextStart(surroundings(target), ledger, complain);
  },
};

const isHalfRestored = (target: string) => existsSync(join(target, "transcripts.sqlite.restoring"));

/** A start on a restore that was cut off: refused, unless all of it is there. */
async function expectRefusedStart(target: string, complain: Complain): Promise<void> {
  const copy = `${target}.copy`;
  cpSync(target, copy, { recursive: true });
  const program = await startProgram(surroundings(copy), null);
  const isUp = program.isUp;
  await program.stop();
  if (isUp && isHalfRestored(target)) complain("a half restore was started on");
  rmSync(copy, { recursive: true, force: true });
}

export const scenarios: readonly Scenario[] = [
  receiving("life", live),
  receiving("reads", live, { classes: "r", prepare: (folder) => lived(folder, "SIGTERM") }),
  receiving("start", oneMore, { prepare: (folder) => lived(folder, "SIGTERM") }),
  receiving("start-after-kill", oneMore, { prepare: (folder) => lived(folder, "SIGKILL") }),
  receiving(
    "reprocess",
    async ({ url }) => {
      await reprocess(url);
    },
    { prepare: (folder) => lived(folder, "SIGTERM") },
  ),
  receiving("reload", reload, {
    sampleMax: 12,
    counted: ["-w", begun],
  }),
  receiving("migrate-1", oneMore, { prepare: (folder) => earlier(folder, 1) }),
  receiving("migrate-4", oneMore, { prepare: (folder) => earlier(folder, 4) }),
  backingUp("backup", false),
  backingUp("backup-on-top", true),
  restoring,
  forwarding,
  recovering,
  installing,
];

/** The ledger of a prepared scenario, for one run. */
export function copyOf(ledger: Ledger): Ledger {
  return { sent: ledger.sent.map((sent) => ({ ...sent })), erasures: new Map(ledger.erasures) };
}
