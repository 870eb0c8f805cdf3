import type { CommandContext } from "../platform/process.ts";

/** Exit statuses, from sysexits.h if it has one. */
export const exitStatus = { ok: 0, failure: 1, usage: 64, config: 78 } as const;

/** A flag as commander writes it, such as `--port <number>` or `--json`, and the key of its value. */
export type CommandFlag = { flag: string; key: string; description: string };

/** An argument without a dash, as commander writes it, such as `[file]`, and the key of its value. */
type CommandArgument = { argument: string; key: string; description: string };

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
