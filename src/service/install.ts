import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { removeLeftFiles, replaceFiles } from "./files.ts";
import type { PlannedFile } from "./files.ts";
import type { Systemd } from "./machine.ts";
import type { Machine } from "../platform/process.ts";
import { NAME, paths } from "./paths.ts";
import { unitOptionsOf } from "./unit.ts";

/** What starts and then ends does so within this time, as a rule. */
const SETTLE_SECONDS = 3;
const MIGRATE_REQUESTS = "proc/sys/net/ipv4/tcp_migrate_req";

export type Installed =
  /** `isUnitPending`: it runs with the new program, and in the sandbox of the old unit until its next restart. */
  | { kind: "running"; status: string; hasStarted: boolean; isUnitPending: boolean }
  /** The files are as they were. `isBack` says whether the service is too; it is not if its data is already newer. */
  | { kind: "failed"; problem: string; complaints: string[]; isBack: boolean };

/** Brings the files to their paths and has the service run with them; if it does not, all is as before. */
export function installService(options: {
  machine: Machine;
  systemd: Systemd;
  files: readonly PlannedFile[];
  nowMs: number;
}): Installed {
  const { machine, systemd, files, nowMs } = options;
  const wasActive = systemd.isActive();
  const wasEnabled = systemd.isEnabled();
  const changed = files.filter(({ change }) => change !== "same").map(({ path }) => path);
  removeLeftFiles(machine.root, files);
  if (changed.length === 0 && wasActive && wasEnabled) {
    return { kind: "running", status: systemd.statusText(), hasStarted: false, isUnitPending: false };
  }
  const isAnotherKind = unitKind(join(machine.root, paths.unit)) !== kindOf(files);
  const { undo, keep } = replaceFiles(machine.root, files);
  migrateRequests(machine);
  const verb = verbFor({ wasActive, isAnotherKind });
  const failure = firstFailure(systemd, [["daemon-reload"], ["enable", NAME], [verb, NAME]]);
  if (failure !== null) {
    // Before the old files are back: what it says is about the new ones.
    const complaints = systemd.complaints(nowMs);
    if (!wasActive) systemd.systemctl("stop", NAME);
    if (!wasEnabled) systemd.systemctl("disable", NAME);
    undo();
    systemd.systemctl("daemon-reload");
    // After a reload that failed the one before goes on.
    const goesOn = verb === "reload" && !failure.hasStarted;
    const isBack = !wasActive || goesOn || systemd.systemctl("restart", NAME).isGood;
    return { kind: "failed", problem: failure.problem, complaints, isBack };
  }
  keep();
  const isUnitPending = verb === "reload" && changed.includes(paths.unit);
  return { kind: "running", status: systemd.statusText(), hasStarted: true, isUnitPending };
}

/** Takes the steps, the last of which starts the service, and looks again a little later: it may have ended meanwhile. */
function firstFailure(
  systemd: Systemd,
  steps: readonly string[][],
): { problem: string; hasStarted: boolean } | null {
  for (const step of steps) {
    const { isGood, text } = systemd.systemctl(...step);
    if (!isGood) return { problem: `systemctl ${step.join(" ")}: ${text}`, hasStarted: false };
  }
  const mainProcess = systemd.mainProcess();
  systemd.waitSeconds(SETTLE_SECONDS);
  if (systemd.isActive() && systemd.mainProcess() === mainProcess) return null;
  return { problem: `It started, and ended within ${SETTLE_SECONDS} seconds`, hasStarted: true };
}

/** A reload loses no request. It does for everything but rights and arguments that only a start can give. */
function verbFor({ wasActive, isAnotherKind }: { wasActive: boolean; isAnotherKind: boolean }) {
  if (!wasActive) return "start";
  return isAnotherKind ? "restart" : "reload";
}

/** What a unit was made with, as text; the words around it differ from version to version. */
function kindOf(files: readonly PlannedFile[]): string {
  const unit = files.find(({ path }) => path === paths.unit);
  return JSON.stringify(unitOptionsOf(Buffer.from(unit?.bytes ?? []).toString()));
}

function unitKind(path: string): string {
  return JSON.stringify(existsSync(path) ? unitOptionsOf(readFileSync(path, "utf8")) : null);
}

/** For now; the file that says so counts from the next boot on. */
function migrateRequests({ root }: Machine): void {
  const path = join(root, MIGRATE_REQUESTS);
  try {
    // Kernels before 5.14 don't have it.
    if (existsSync(path)) writeFileSync(path, "1");
  } catch {
    // A container may not: then it is up to its host.
  }
}

/**
 * Stops the service and removes what an install has put there, but neither its settings nor its data.
 *
 * @param isDry only says what it would do
 * @returns what is removed, and the folders that stay
 */
export function uninstallService(options: {
  machine: Machine;
  systemd: Systemd;
  isDry: boolean;
}): { kind: "done"; removed: string[]; kept: string[] } | { kind: "failed"; problem: string } {
  const { machine, systemd, isDry } = options;
  const isThere = (path: string) => existsSync(join(machine.root, path));
  const removed = [paths.unit, paths.sysctl, paths.executable].filter(isThere);
  const kept = [dirname(paths.environment), paths.state, paths.privateState].filter(isThere);
  const isUnit = removed.includes(paths.unit);
  if (isDry) return { kind: "done", removed, kept };

  if (isUnit) {
    const { isGood, text } = systemd.systemctl("disable", "--now", NAME);
    if (!isGood) return { kind: "failed", problem: text };
  }
  for (const path of removed) rmSync(join(machine.root, path));
  if (isUnit) systemd.systemctl("daemon-reload");
  return { kind: "done", removed, kept };
}
