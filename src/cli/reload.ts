import { readFileSync } from "node:fs";
import { errorCode, hasCode } from "../platform/errors.ts";
import { isJournal } from "../platform/systemd.ts";
import { besideSettings } from "../config/read-data.ts";
import type { Parsed } from "../platform/parsed.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { controlPath } from "../daemon/reload/control.ts";
import { askControl } from "./control.ts";
import { readMessage } from "../daemon/reload/messages.ts";
import type { Message } from "../daemon/reload/messages.ts";
import { findSettings } from "./settings.ts";

const MOVE_MS_MAX = 10_000;
const RETRY_MS = 50;

/** Has a running receiver start its successor, and waits until that one has taken over. */
export const reload: Command = {
  name: "reload",
  summary: "reload the running receiver: new settings, secrets, certificates or executable",
  examples: [
    { line: "reload", does: "read settings, .env, secrets and certificates again; no request is lost" },
    {
      line: "reload --fresh-environment",
      does: "take the environment of this command; for ExecReload= in a unit",
    },
  ],
  flags: [
    {
      key: "environment",
      flag: "--fresh-environment",
      description: "give the new process the environment of this command",
    },
    {
      key: "credentials",
      flag: "--credentials <name:path,...>",
      description:
        "read credentials again from these files, named as in LoadCredential=; a - before a path: skip it if the file is missing",
    },
  ],
  notes: `A new process is started from the path of the running executable and takes over. If it does not start, the old one goes on.
SIGHUP to the receiver does the same, without reporting the result.
Exit status: 0 the new process has taken over, 1 it has not.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const credentials = readCredentials(given.credentials);
  if (!credentials.ok) return refuse(context, credentials.problem, "failure");

  // Under systemd it runs as root: it reads nothing that the service could have put there.
  const path = controlPath(context.environment, () => besideData(context));
  const answer = await askUntilAnswered(path, {
    kind: "reload",
    ...(given.environment === undefined ? {} : { environment: defined(context.environment) }),
    ...(credentials.value === null ? {} : { credentials: credentials.value }),
  });
  if (answer?.kind === "done") {
    // The journal would take a line without a priority for an error: SyslogLevel= in the unit.
    const priority = isJournal(context.environment.JOURNAL_STREAM, 1) ? "<6>" : "";
    context.writeOut(`${priority}process ${answer.pid} has taken over\n`);
    return exitStatus.ok;
  }
  return refuse(context, `Not reloaded: ${answer?.problem ?? "the receiver has ended"}`, "failure");
}

/** Has the receiver at a control socket reload; returns why it has not, or null. */
export async function reloadAt(path: string): Promise<string | null> {
  const answer = await askUntilAnswered(path, { kind: "reload" });
  return answer?.kind === "done" ? null : (answer?.problem ?? "the receiver has ended");
}

function besideData(context: CommandContext): string {
  const settings = findSettings(context);
  return settings.ok ? besideSettings(settings.value) : "";
}

/** Right after a reload the predecessor's socket may still be in the place of its successor's. */
async function askUntilAnswered(path: string, request: Message): Promise<Message | null> {
  const deadlineMs = performance.now() + MOVE_MS_MAX;
  for (;;) {
    const answer = await ask(path, request);
    if (answer?.kind !== "moved" || performance.now() > deadlineMs) return answer;
    await Bun.sleep(RETRY_MS);
  }
}

/** null if the receiver ends before it has answered */
async function ask(path: string, request: Message): Promise<Message | null> {
  const asked = await askControl(path, request, (message) => readMessage(message) ?? { kind: "silent" });
  switch (asked.kind) {
    case "answered":
      return asked.answer.kind === "silent" ? null : asked.answer;
    case "silent":
      return null;
    case "untrusted":
      return { kind: "failed", problem: asked.problem };
    case "unreachable": {
      const problem = `no receiver can be reached at ${path} (${asked.code}): is it running, with these settings and as this user?`;
      return { kind: "failed", problem };
    }
  }
}

function readCredentials(text: string | undefined): Parsed<Record<string, string> | null> {
  if (text === undefined) return { ok: true, value: null };
  const credentials: Record<string, string> = {};
  for (const one of text.split(",")) {
    const [, name = "", optional, path = ""] = /^([^:]*):(-?)(.*)$/.exec(one) ?? [];
    try {
      credentials[name] = readFileSync(path).toString("base64");
    } catch (error) {
      if (optional === "-" && hasCode(error, "ENOENT")) continue;
      return {
        ok: false,
        problem: `The file for the credential ${name} can't be read (${errorCode(error)})`,
      };
    }
  }
  return { ok: true, value: credentials };
}

function defined(environment: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
