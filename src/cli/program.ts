import { Command as CommanderCommand, CommanderError, Option } from "commander";
import type { OutputConfiguration } from "commander";
import { compileAsUsual } from "../platform/jit.ts";
import { version } from "../platform/version.ts";
import { sqliteVersion } from "../store/sqlite/open.ts";
import { exitStatus } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { commands } from "./commands.ts";

/** Reads the arguments (without the program's own name), runs the command and returns its exit status. */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<number> {
  let status: number = exitStatus.ok;
  const output: OutputConfiguration = {
    writeOut: context.writeOut,
    writeErr: context.writeError,
    // commander puts its suggestions on a line of their own.
    outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")}\n`),
  };
  const program = new CommanderCommand("elevenlabs-webhook")
    .description("Receives ElevenLabs webhooks and has every signed event on disk before it answers.")
    .version(versionText(), "-V, --version", "print versions and exit")
    .helpOption("-h, --help", "print help and exit")
    .addHelpText("after", `\nWithout a command it runs ${commands[0].name}. ${commands[0].notes}`)
    .configureOutput(output)
    .exitOverride();

  for (const command of commands) {
    const subcommand = program.command(command.name);
    subcommand
      .summary(command.summary)
      .addHelpText("before", introduction(command))
      .helpOption("-h, --help", "print help and exit")
      .addHelpText("after", `\n${command.notes}`)
      .configureOutput(output)
      .exitOverride()
      .action(async () => {
        // The start of the first command ends when it receives, that of the others here.
        if (command !== commands[0]) compileAsUsual();
        status = await command.run(given(command, subcommand.opts(), subcommand.args), context);
      });
    for (const { argument, description } of command.arguments ?? [])
      subcommand.argument(argument, description);
    for (const { flag, description } of command.flags) subcommand.addOption(new Option(flag, description));
  }

  try {
    await program.parseAsync(withCommand(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  }
  return status;
}

/** A call without a command's name, with or without flags, is one of the first command. */
function withCommand(args: readonly string[]): string[] {
  const [first = ""] = args;
  const isOwn = ["-h", "--help", "-V", "--version"].includes(first);
  return isOwn || (first !== "" && !first.startsWith("-")) ? [...args] : [commands[0].name, ...args];
}

/** The flags and arguments that were given, by the command's own keys. */
function given(command: Command, flags: Record<string, unknown>, args: readonly string[]): Given {
  const found: Given = {};
  for (const { flag, key } of command.flags) {
    const value = flags[new Option(flag).attributeName()];
    if (typeof value === "string") found[key] = value;
    if (value === true) found[key] = "true";
  }
  for (const [index, { key }] of (command.arguments ?? []).entries()) {
    const value = args[index];
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** Examples come first: they are what most people look for. */
function introduction({ summary, examples }: Command): string {
  const width = Math.max(...examples.map(({ line }) => line.length));
  const lines = examples.map(({ line, does }) => `  elevenlabs-webhook ${line.padEnd(width)}  # ${does}\n`);
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.\n\nExamples:\n${lines.join("")}`;
}

function versionText(): string {
  const { program, commit, bun } = version;
  return `elevenlabs-webhook ${program} (commit ${commit}), Bun ${bun}, SQLite ${sqliteVersion()}`;
}
