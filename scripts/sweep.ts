// The work behind scripts/sweep: counts the calls of each scenario, then runs it once for each fault and judges it.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepareTools, ERRORS, readCalls, workFolder } from "./sweep-program.ts";
import type { Call, Fault, Scenario } from "./sweep-program.ts";
import { losePower } from "./sweep-power.ts";
import { copyOf, scenarios } from "./sweep-scenarios.ts";
import type { Ledger } from "./sweep-ledger.ts";

const isSample = process.argv.includes("--sample");
const only = process.argv[process.argv.indexOf("--only") + 1]?.split(":") ?? null;
const [onlyScenario, onlyAt, onlyFault] = process.argv.includes("--only") && only !== null ? only : [];

/** What a call does, whatever its path. */
const KINDS = { write: "w", sync: "s", open: "o", name: "n", truncate: "t", read: "r" } as const;
const kindOf = (name: string): keyof typeof KINDS => {
  if (/sync/.test(name)) return "sync";
  if (/read|getdents/.test(name)) return "read";
  if (/trunc|fallocate/.test(name)) return "truncate";
  if (/open|creat$/.test(name)) return "open";
  if (/write|copy|sendfile/.test(name)) return "write";
  return "name";
};

const counted = new Map<string, number>();
const injected = new Map<string, number>();
const add = (map: Map<string, number>, key: string, n = 1) => map.set(key, (map.get(key) ?? 0) + n);
const broken: string[] = [];
let runs = 0;
let missed = 0;

/** The faults of one call. Which error is tried changes from call to call: all of them are met often enough. */
function faultsAt(at: number, call: Call): Fault[] {
  const error = ERRORS[at % ERRORS.length] ?? "EIO";
  const isWrite = call.name === "write" || call.name === "pwrite64";
  if (kindOf(call.name) === "read") return [{ at, what: "EIO", times: "once" }];
  const faults: Fault[] = [
    { at, what: "EIO", times: "once" },
    { at, what: error, times: at % 2 === 0 ? "thrice" : "on" },
    { at, what: at % 2 === 0 ? "kill" : "killed", times: "once" },
  ];
  if (isWrite) faults.push({ at, what: "short", times: "once" });
  return faults;
}

/** Pairs of neighbouring calls that a sample has met, in this scenario or one before. */
const sampled = new Set<string>();

/** Of a sample: the first of each run of equal calls, with one fault each, in turn. */
function sampleOf(calls: readonly Call[]): Fault[] {
  const plain = ({ name, path }: Call) => `${name} ${path.replaceAll(/[0-9a-f-]{8,}|\d+/g, "#")}`;
  const chosen = calls.flatMap((call, index) => {
    const previous = calls[index - 1];
    const isSame = previous !== undefined && plain(previous) === plain(call);
    const key = `${previous === undefined ? "" : plain(previous)} > ${plain(call)}`;
    if (isSame || sampled.has(key)) return [];
    sampled.add(key);
    return [{ at: index + 1, call }];
  });
  return chosen.flatMap(({ at, call }, index) => {
    return inTurn(faultsAt(at, call), index);
  });
}

/** One of them, another one from call to call. */
const inTurn = (faults: Fault[], index: number): Fault[] => faults.slice(index % faults.length).slice(0, 1);

/** Every fault at every call of a life, which is where most happens; one at each call of the others. */
const everyFault = (calls: readonly Call[], { name }: Scenario): Fault[] =>
  calls.flatMap((call, index) => {
    const faults = faultsAt(index + 1, call);
    return name === "life" ? faults : inTurn(faults, index);
  });

/** At most `max` of them, evenly from all. */
const thinned = (faults: Fault[], max: number): Fault[] =>
  faults.filter(
    (_, index) =>
      Math.floor((index * max) / faults.length) !== Math.floor(((index - 1) * max) / faults.length),
  );

const nameOf = ({ at, what, times }: Fault) => `${at}:${what}${{ once: "", thrice: "x3", on: "+" }[times]}`;

async function sweepThrough(scenario: Scenario): Promise<void> {
  const base = join(workFolder, `${scenario.name}.base`);
  mkdirSync(base, { recursive: true });
  const ledger = await scenario.prepare(base);
  const calls = readCalls((await runOnce(scenario, base, ledger, null)).log);
  for (const { name } of calls) add(counted, kindOf(name));
  const all = isSample ? thinned(sampleOf(calls), scenario.sampleMax) : everyFault(calls, scenario);
  const wanted = onlyAt === undefined ? all : calls.flatMap((call, index) => faultsAt(index + 1, call));
  const faults = wanted.filter((fault) => {
    if (onlyAt === undefined) return true;
    return (
      String(fault.at) === onlyAt && (onlyFault === undefined || nameOf(fault) === `${onlyAt}:${onlyFault}`)
    );
  });
  const startedMs = performance.now();
  let found = 0;
  for (const fault of faults) {
    const run = await runOnce(scenario, base, ledger, fault);
    runs += 1;
    const hit = readCalls(run.log).find(({ isHit }) => isHit);
    if (hit === undefined) {
      missed += 1;
      continue;
    }
    add(injected, kindOf(hit.name));
    const complaints = run.complaints.filter((text) => !isKnown(text, hit, fault));
    if (complaints.length === 0) continue;
    found += 1;
    broken.push(
      `${scenario.name}:${nameOf(fault)} (${hit.name} ${hit.path.replace(/^.*\/run\//, "")})\n    ${complaints.join("\n    ")}`,
    );
    console.log(broken.at(-1));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `${scenario.name.padEnd(18)} ${String(calls.length).padStart(5)} calls ${String(faults.length).padStart(5)} faults  ${seconds.toFixed(0).padStart(4)} s  ${found} broke a promise`,
  );
  rmSync(base, { recursive: true, force: true });
}

/**
 * What docs/contract.md says of a flush of the log that fails, and with it everything after: nobody can take back what
 * was written, so an event that was refused may be there after the next start.
 */
const isKnown = (complaint: string, hit: Call, { times }: Fault): boolean =>
  times === "on" &&
  kindOf(hit.name) === "sync" &&
  hit.path.endsWith("-wal") &&
  complaint.endsWith("(refused) is visible");

async function runOnce(scenario: Scenario, base: string, ledger: Ledger, fault: Fault | null) {
  const folder = join(workFolder, "run");
  rmSync(folder, { recursive: true, force: true });
  cpSync(base, folder, { recursive: true });
  const complaints: string[] = [];
  const log = join(workFolder, "calls.log");
  const tracing = { fault, log, more: ["-c", scenario.classes, ...(scenario.counted ?? [])] };
  await scenario.run(folder, copyOf(ledger), tracing, (text) => complaints.push(text));
  if (fault === null && complaints.length > 0) {
    throw new Error(`${scenario.name} without a fault: ${complaints.join("; ")}`);
  }
  return { complaints, log };
}

prepareTools();
for (const scenario of scenarios) {
  if (onlyScenario === undefined || onlyScenario === scenario.name) await sweepThrough(scenario);
}
if (onlyScenario === undefined || onlyScenario === "power") {
  const { points, complaints } = await losePower();
  console.log(
    `${"power".padEnd(18)} ${points} states after a loss of power, ${complaints.length} broke a promise`,
  );
  broken.push(...complaints);
  for (const complaint of complaints) console.log(complaint);
}
rmSync(workFolder, { recursive: true, force: true });

console.log("\ncalls      counted  hit");
for (const kind of Object.keys(KINDS)) {
  console.log(
    `${kind.padEnd(10)} ${String(counted.get(kind) ?? 0).padStart(7)} ${String(injected.get(kind) ?? 0).padStart(5)}`,
  );
}
const unhit = Object.keys(KINDS).filter((kind) => onlyScenario === undefined && !injected.has(kind));
console.log(`\n${runs} faults, ${missed} not reached, ${broken.length} broke a promise`);
if (unhit.length > 0) console.log(`never hit: ${unhit.join(", ")}`);
if (broken.length > 0) process.exit(1);
process.exit(unhit.length > 0 ? 2 : 0);
