import { randomBytes } from "node:crypto";
import { ForwardFileError } from "../../forward/sqlite/file.ts";
import { FileFault, RemoteFault } from "../../platform/faults.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Command, Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { replay } from "./replay.ts";
import { status } from "./status.ts";
import { test } from "./test.ts";
import { ownFlags } from "./terms.ts";

const KEY_BYTES = 32;

/** What is asked of the destinations that events are sent on to. */
export const forward: Command = {
  name: "forward",
  summary: "show, replay or test the destinations that events are sent on to",
  examples: [
    { line: "forward status", does: "how far each destination has been sent the events" },
    { line: "forward replay crm", does: "go on after a stop; send again what was given up" },
    { line: "forward replay crm --since 2d", does: "send everything of the last two days, again if need be" },
    { line: "forward test crm", does: "send it a sample, and show what it answers" },
    { line: "forward secret", does: "make a secret for FORWARD_CONFIG" },
  ],
  arguments: [
    { argument: "<action>", key: "action", description: "status, replay, test or secret" },
    { argument: "[name]", key: "name", description: "of a destination" },
  ],
  flags: [
    {
      key: "since",
      flag: "--since <time>",
      description: "replay what was received in the last 2d, 36h or 90m, or since a date or time",
    },
    {
      key: "after",
      flag: "--after <id>",
      description: "replay what was stored after the event with this id",
    },
    { key: "fromStart", flag: "--from-start", description: "replay everything that is stored" },
    { key: "json", flag: "--json", description: "print JSON, for status" },
    ...ownFlags,
  ],
  notes: `Destinations are in the file that FORWARD_CONFIG names. Run it as the receiver's user, whether the receiver runs or not.
Exit status: 0 all is well; 1 not done, or a destination is stopped, has dead events or does not take the sample; 64 wrong usage; 78 a faulty setting.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  try {
    return await act(given, context);
  } catch (error) {
    const isKnown = [FileFault, RemoteFault, ForwardFileError].some((known) => error instanceof known);
    if (error instanceof Error && isKnown) return refuse(context, error.message, "failure");
    throw error;
  }
}

async function act(given: Given, context: CommandContext): Promise<number> {
  const { action } = given;
  if (action === "status") return status(given, context);
  if (action === "replay") return replay(given, context);
  if (action === "test") return test(given, context);
  if (action === "secret") return secret(context);
  return refuse(
    context,
    `forward ${action}: there is no such action: status, replay, test or secret`,
    "usage",
  );
}

function secret(context: CommandContext): number {
  context.writeOut(`whsec_${randomBytes(KEY_BYTES).toString("base64")}\n`);
  return exitStatus.ok;
}
