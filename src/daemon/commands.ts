import type { Config } from "../config/config.ts";
import { besideOf } from "../config/data.ts";
import { atFault } from "../platform/faults.ts";
import type { Log } from "../platform/log.ts";
import type { CommandContext } from "../platform/process.ts";
import type { RecoveryService } from "./recovery.ts";
import { controlPath, openControl } from "./reload/control.ts";
import type { ControlKind } from "./reload/control.ts";
import { readMessage } from "./reload/messages.ts";
import type { Reload } from "./reload/reload.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

/**
 * Takes the commands of this machine's operator, `reload` and `recover`, at the control socket.
 *
 * @returns ends it
 */
export function openCommands(
  options: {
    config: Config;
    context: Pick<CommandContext, "environment">;
    log: Log;
    recovery: RecoveryService;
  },
  reload: Pick<Reload, "begin">,
): () => void {
  const { config, context, log, recovery } = options;
  const path = controlPath(context.environment, () => besideOf(config.data));
  try {
    const close = openControl(path, { reload: reloadKind(reload), recover: recoverKind(recovery) });
    return () => attempt(close);
  } catch (error) {
    log.warning(`Commands such as reload can't reach this instance, SIGHUP can: ${explain(error)}`);
    return () => {};
  }

  function attempt(close: () => void): void {
    try {
      close();
    } catch (error) {
      log.warning(`The socket of the commands stays until the next start: ${explain(error)}`);
    }
  }

  function explain(error: unknown): string {
    const fault = atFault(path, error);
    return fault instanceof Error ? fault.message : "unknown";
  }
}

/** It may bring an environment and credentials along. */
function reloadKind(reload: Pick<Reload, "begin">): ControlKind {
  return {
    requestCharsMax: MIB,
    answerMsMax: HOUR_MS,
    async answer(request, { gone }) {
      const message = readMessage(request);
      return message === null
        ? { kind: "failed", problem: "a member of the request is not what it should be" }
        : reload.begin(message, gone);
    },
  };
}

/** Recordings of months may take hours. */
function recoverKind(recovery: RecoveryService): ControlKind {
  return {
    requestCharsMax: MIB / 16,
    answerMsMax: 24 * HOUR_MS,
    async answer(request, { gone, tell }) {
      const { answerRecover } = await import("../recover/answer.ts");
      return answerRecover(request, recovery.byHand, { gone, tell });
    },
  };
}
