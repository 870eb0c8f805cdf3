import { Command as CommanderCommand, CommanderError, Option } from "commander";
import { version } from "../platform/version.ts";
import { sqliteVersion } from "../store/database.ts";
import { exitStatus } from "./command.ts";
import type { Command, CommandContext } from "./command.ts";
import { commands } from "./commands.ts";

/** Reads the arguments (without the program's own name), runs the command and returns its exit status. */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<number> {
  let status: number = exitStatus.ok;
  const output = { writeOut: context.writeOut, writeErr: context.writeError };
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
      .description(command.summary)
      .helpOption("-h, --help", "print help and exit")
      .addHelpText("after", `\n${command.notes}`)
      .configureOutput(output)
      .exitOverride()
      .action(async () => {
        status = await command.run(flagsGiven(command, subcommand.opts()), context);
      });
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

/** The bare call, and one with flags alone, is that of the first command. */
function withCommand(args: readonly string[]): string[] {
  const [first = ""] = args;
  const isOwn = ["-h", "--help", "-V", "--version"].includes(first);
  return isOwn || (first !== "" && !first.startsWith("-")) ? [...args] : [commands[0].name, ...args];
}

/** The flags that were given, by the command's own keys. */
function flagsGiven(command: Command, parsed: Record<string, unknown>): Partial<Record<string, string>> {
  const given: Partial<Record<string, string>> = {};
  for (const { flag, key } of command.flags) {
    const value = parsed[new Option(flag).attributeName()];
    if (typeof value === "string") given[key] = value;
  }
  return given;
}

function versionText(): string {
  const { program, commit, bun } = version;
  return `elevenlabs-webhook ${program} (commit ${commit}), Bun ${bun}, SQLite ${sqliteVersion()}`;
}
