import { adviseSources } from "../../checks/access.ts";
import type { Config } from "../../config/config.ts";
import { placesOf } from "../../config/data.ts";
import { version } from "../../platform/version.ts";
import type { PlannedFile } from "../../service/files.ts";
import { NAME, paths } from "../../service/paths.ts";
import type { UnitOptions } from "../../service/unit.ts";
import type { CommandContext } from "../../platform/process.ts";
import { createPaint } from "../terminal.ts";

const words = {
  done: { new: "wrote", changed: "changed", rights: "rights", same: "kept" },
  "to come": { new: "write", changed: "change", rights: "rights", same: "keep" },
} as const;

/** A line for each file: what was, or would be, done with it. */
export function fileLines(
  files: readonly PlannedFile[],
  when: keyof typeof words,
  context: CommandContext,
): string {
  const paint = createPaint(context);
  return files
    .map(({ path, mode, change }) => {
      const word = words[when][change].padEnd(8);
      const about = path === paths.executable ? version.program : `0${mode.toString(8)}`;
      return `  ${change === "same" ? paint.faint(word) : paint.good(word)} ${path.padEnd(52)} ${paint.faint(about)}\n`;
    })
    .join("");
}

/** Why the service does not run with the new files, and what runs instead. */
export function failureText(options: { problem: string; complaints: string[]; isBack: boolean }): string {
  const { problem, complaints, isBack } = options;
  const verdict = isBack
    ? "everything is as it was before"
    : `the old version is back and does not start either: see journalctl -u ${NAME}`;
  return [`The service does not start; ${verdict}.`, problem, ...complaints.map((line) => `  ${line}`)].join(
    "\n",
  );
}

/** What to do with a service that runs. */
export function nextSteps(options: {
  status: string;
  hasStarted: boolean;
  isUnitPending: boolean;
  config: Config;
  unit: UnitOptions;
  /** ElevenLabs is connected next. */
  isConnecting: boolean;
}): string {
  const { status, hasStarted, isUnitPending, config, unit, isConnecting } = options;
  const url = unit.tls === null ? `http://127.0.0.1:${config.port}/webhook` : "https://your.host/webhook";
  const pending = isUnitPending
    ? `The unit has changed: what it says of sandbox and limits counts from the next "systemctl restart ${NAME}".\n`
    : "";
  const advice = adviseSources(config);
  const open = advice === null ? "" : `Advice:    ${advice.text}. ${advice.remedy ?? ""}\n`;
  const origin = url.replace(/\/webhook$/, "");
  const api =
    config.apiTokens.length === 0
      ? ""
      : `API:       sudo sh -c 'curl -H "Authorization: Bearer $(cat ${paths.apiToken})" ${origin}/conversations'\n`;
  return `${hasStarted ? "Started" : "It runs already"}: ${status}
${pending}
Try it:    sudo env ELEVENLABS_WEBHOOK_SECRET_FILE=${paths.secret} ${paths.executable} send --sample transcription --url ${url}
See it:    sudo sqlite3 'file:${placesOf(config.data).events}?mode=ro' 'SELECT type, conversation_id, status FROM events'
${api}Status:    systemctl status ${NAME}
Log:       journalctl -u ${NAME} -f
Settings:  ${paths.environment}, then systemctl reload ${NAME}
Upgrade:   run the new file with "service install"
${open}${isConnecting ? "" : `Connect:   sudo ${NAME} connect https://your.host/webhook; that address has to lead to port ${config.port}\n`}`;
}
