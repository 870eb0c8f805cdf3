import { loadConfig } from "../config/config.ts";
import { flagOf, options, shownDefault } from "../config/options.ts";
import { readForwardConfig } from "../forward/config.ts";
import { createLog } from "../platform/log.ts";
import { faultText } from "../platform/faults.ts";
import { isJournal, watchdogMs } from "../platform/systemd.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { HANDOVER_VARIABLE } from "../daemon/reload/messages.ts";
import { meetPredecessor } from "../daemon/reload/predecessor.ts";
import { catchSignals } from "../daemon/reload/signals.ts";
import { launchSuccessor } from "../daemon/reload/successor.ts";
import { optionFlags, settingSources } from "./settings.ts";
import { openReceiver } from "../daemon/open.ts";
import { receive } from "../daemon/run.ts";
import { withoutHopelessRecordings } from "../daemon/start-report.ts";
import { openManager } from "../daemon/supervision.ts";

const TAKE_OVER = "takeOverAudio";

/** Receives webhooks until it is told to stop. */
export const serve: Command = {
  name: "serve",
  summary: "receive webhooks (the default)",
  examples: [
    { line: "serve", does: "with the settings of the environment and .env" },
    { line: "serve --port 8080", does: "on another port" },
  ],
  flags: [
    ...optionFlags,
    {
      key: TAKE_OVER,
      flag: "--take-over-audio",
      description: "once: use a folder of recordings that belongs to another database",
    },
  ],
  notes: `Settings, as environment variables or lines in .env (flags win, then the environment):
${Object.values(options).map(settingLine).join("")}
A secret can also be in the file that ${options.secrets.name}_FILE names, or in a systemd credential of the same name.
`,
  run,
};

async function run(flags: Given, context: CommandContext): Promise<number> {
  const { environment } = context;
  const role = environment[HANDOVER_VARIABLE];
  // Removed at once: no process that this one starts may inherit it.
  delete environment[HANDOVER_VARIABLE];
  const args = settingArgs(flags);
  const { executable } = context.machine;
  if (role === "launch" && executable !== null) {
    launchSuccessor({ executable, args, environment });
    return exitStatus.ok;
  }
  const signals = catchSignals(context);
  const meeting = role === undefined ? null : await meetPredecessor();
  if (meeting?.kind === "failed") return refuse(context, `Can't start: ${meeting.problem}`, "failure");
  const predecessor = meeting?.predecessor ?? null;

  const loaded = loadConfig(settingSources(context, flags));
  if (loaded.kind === "faulty") {
    context.writeError(
      `The configuration has faults:\n${loaded.problems.map((problem) => `  ${problem}\n`).join("")}`,
    );
    predecessor?.fail(`the configuration has faults: ${loaded.problems.join("; ")}`);
    return exitStatus.config;
  }
  const { warnings, origins } = loaded;
  const log = createLog({
    level: loaded.config.logLevel,
    format: loaded.config.logFormat,
    isJournal: isJournal(environment.JOURNAL_STREAM, 1),
    write: context.writeOut,
  });
  for (const warning of warnings) log.warning(warning);
  const config = withoutHopelessRecordings(log, loaded.config, origins);
  const forward = readForwardConfig(config.forwardConfig);
  if (!forward.ok) {
    for (const problem of forward.problem) log.error(problem);
    if (predecessor !== null) {
      predecessor.fail(`the configuration has faults: ${forward.problem.join("; ")}`);
      return exitStatus.config;
    }
    log.error("Events are not forwarded until these faults are corrected and the service is reloaded");
  }
  // Files made here hold personal data: no other user may read them.
  process.umask(0o077);

  const notify = await openManager(environment.NOTIFY_SOCKET, log);
  // The manager ignores a successor before it is the main process.
  if (predecessor === null) notify("STATUS=Opening the data");
  const opened = await openReceiver({
    config,
    destinations: forward.ok ? forward.value : null,
    log,
    clock: context.clock,
    predecessor,
    notify,
    environment,
    watchdogMs: watchdogMs(environment, process.pid),
    takesOverRecordings: flags[TAKE_OVER] !== undefined,
  });
  if (opened.kind === "failed") {
    log.error(`Can't start: ${opened.problem}`);
    predecessor?.fail(opened.problem);
    return opened.isOfConfig === true ? exitStatus.config : exitStatus.failure;
  }
  try {
    await receive({ receiver: opened.receiver, config, context, args, log, notify, signals });
    return exitStatus.ok;
  } catch (error) {
    log.error(`Ended by a fault, what was acknowledged is stored: ${faultText(error)}`);
    return exitStatus.failure;
  }
}

/** The settings that were given as flags, for another process. */
function settingArgs(flags: Given): string[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const value = flags[key];
    return value === undefined ? [] : [`${flagOf(option)}=${value}`];
  });
}

function settingLine(option: { name: string; default: string | null; description: string }): string {
  return `  ${option.name.padEnd(28)} ${option.description} (default: ${shownDefault(option)})\n`;
}
