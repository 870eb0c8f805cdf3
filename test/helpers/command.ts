import { tmpdir } from "node:os";
import type { CommandContext } from "../../src/platform/process.ts";
import { runProgram } from "../../src/cli/program.ts";
import { systemClock } from "../../src/platform/clock.ts";

/** Runs a command line in this process, as the executable would, and returns what it wrote. */
export async function runCommand(
  args: string[],
  options: Partial<Omit<CommandContext, "writeOut" | "writeError" | "input">> & {
    input?: string | Uint8Array;
  } = {},
) {
  const { input = "", ...context } = options;
  let stdout = "";
  let stderr = "";
  const status = await runProgram(args, {
    environment: {},
    folder: tmpdir(),
    clock: systemClock,
    machine: { root: "/nowhere", isRoot: false, executable: null },
    isTerminal: { input: false, output: false, error: false },
    onStopSignal: () => () => {},
    outputTaken: async () => {},
    onReloadSignal: () => () => {},
    ...context,
    input: new Blob([Buffer.from(input)]).stream(),
    writeOut: (text) => {
      stdout += text;
    },
    writeError: (text) => {
      stderr += text;
    },
  });
  return { status, stdout, stderr };
}
