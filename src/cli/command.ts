import type { Clock } from "../platform/clock.ts";

/** Exit statuses, after sysexits.h where it has one. */
export const exitStatus = { ok: 0, failure: 1, usage: 64, config: 78 } as const;

/** What a command may use of the process it runs in. */
export type CommandContext = {
  environment: Record<string, string | undefined>;
  /** The working directory. */
  folder: string;
  clock: Clock;
  /** Standard output, without waiting: each call hands over whole lines. */
  writeOut: (text: string) => void;
  writeError: (text: string) => void;
  /** Calls back at SIGTERM and SIGINT; returns a function that ends it. */
  onStopSignal: (callback: () => void) => () => void;
};

/** A flag as commander writes it, such as `--port <number>`, and the key under which its value reaches the command. */
export type CommandFlag = { flag: string; key: string; description: string };

/** One command: the table of these makes `--help` and the dispatch. */
export type Command = {
  name: string;
  summary: string;
  /** Printed after the options in `--help`. */
  notes: string;
  flags: CommandFlag[];
  /** Returns the exit status. */
  run: (flags: Partial<Record<string, string>>, context: CommandContext) => Promise<number>;
};
