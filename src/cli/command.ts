import type { Clock } from "../platform/clock.ts";
import type { Machine } from "../service/machine.ts";

/** Exit statuses, after sysexits.h where it has one. */
export const exitStatus = { ok: 0, failure: 1, usage: 64, config: 78 } as const;

/** What a command may use of the process it runs in. */
export type CommandContext = {
  environment: Record<string, string | undefined>;
  /** The working directory. */
  folder: string;
  clock: Clock;
  machine: Machine;
  /** Standard input, read as it is needed. */
  input: AsyncIterable<Uint8Array>;
  /** Standard output, without waiting: each call hands over whole lines. */
  writeOut: (text: string) => void;
  /** Waits until standard output has taken all of it, which takes as long as a person reads where it is a pager. */
  outputTaken: () => Promise<void>;
  writeError: (text: string) => void;
  /** Which of the three streams a person looks at. */
  isTerminal: { input: boolean; output: boolean; error: boolean };
  /** Calls back at SIGTERM and SIGINT; returns a function that ends it. */
  onStopSignal: (callback: () => void) => () => void;
  /** Calls back at SIGHUP; returns a function that ends it. */
  onReloadSignal: (callback: () => void) => () => void;
};

/** A flag as commander writes it, such as `--port <number>` or `--json`, and the key of its value. */
export type CommandFlag = { flag: string; key: string; description: string };

/** An argument without a dash, as commander writes it, such as `[file]`, and the key of its value. */
export type CommandArgument = { argument: string; key: string; description: string };

/** What was given, by the commands' own keys: the text of a flag or an argument, `true` for a flag without a value. */
export type Given = Partial<Record<string, string>>;

/** One command: the table of these makes `--help` and the dispatch. */
export type Command = {
  name: string;
  summary: string;
  /** What to type, and what it does. */
  examples: { line: string; does: string }[];
  arguments?: CommandArgument[];
  flags: CommandFlag[];
  /** Printed after the options in `--help`. */
  notes: string;
  /** Returns the exit status. */
  run: (given: Given, context: CommandContext) => Promise<number>;
};

/** Says in one line why nothing was done, and returns the status for it. */
export function refuse(
  context: CommandContext,
  problem: string,
  status: Exclude<keyof typeof exitStatus, "ok">,
): number {
  context.writeError(`${problem}\n`);
  return exitStatus[status];
}
