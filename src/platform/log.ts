import { configureSync, getJsonLinesFormatter, getLogger, getTextFormatter } from "@logtape/logtape";
import type { Logger, LogLevel as RecordLevel, LogRecord } from "@logtape/logtape";

type LogLevel = "debug" | "info" | "warning" | "error";

const levels: Record<Uppercase<LogLevel>, LogLevel> = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warning",
  ERROR: "error",
};

/** What the journal takes a line's priority from: sd-daemon(3). */
const journalPrefixes: Record<RecordLevel, string> = {
  trace: "<7>",
  debug: "<7>",
  info: "<6>",
  warning: "<4>",
  error: "<3>",
  fatal: "<2>",
};

/** The members of a line beside its message. Never put a secret, a signature, a phone number or a transcript here. */
export type LogFields = Record<string, string | number | boolean | null>;

export type Log = Record<LogLevel, (message: string, fields?: LogFields) => void>;

/**
 * Returns the program's log. LogTape keeps its configuration for the whole process: the last log created is the one
 * in force.
 *
 * @param isJournal gives every line its priority in front, and leaves out the time, which the journal has anyway
 * @param write receives one complete line, with its line end
 */
export function createLog(options: {
  level: Uppercase<LogLevel>;
  format: "text" | "json";
  isJournal?: boolean;
  write: (line: string) => void;
}): Log {
  const format = formatterOf(options);
  configureSync({
    reset: true,
    sinks: { output: (record) => options.write(format(record)) },
    loggers: [
      { category: ["receiver"], lowestLevel: levels[options.level], sinks: ["output"] },
      // LogTape reports faults of its sinks here; ours cannot fail (see output.ts).
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["output"] },
    ],
  });
  return logWith(getLogger(["receiver"]));
}

function formatterOf({ format, isJournal = false }: { format: "text" | "json"; isJournal?: boolean }) {
  const line = format === "json" ? jsonLine : textLine(!isJournal);
  return isJournal ? (record: LogRecord) => `${journalPrefixes[record.level]}${line(record)}` : line;
}

/** A message is handed over as it is: what stands in braces, such as in a path, is no placeholder of a template. */
function logWith(logger: Logger): Log {
  const logAt =
    (level: LogLevel) =>
    (message: string, properties: LogFields = {}): void =>
      logger.emit({ level, message: [message], rawMessage: message, timestamp: Date.now(), properties });
  return { debug: logAt("debug"), info: logAt("info"), warning: logAt("warning"), error: logAt("error") };
}

const jsonLine = getJsonLinesFormatter({ properties: "flatten" });

function textLine(hasTime: boolean) {
  return getTextFormatter({
    timestamp: "rfc3339",
    level: "FULL",
    format: ({ timestamp, level, message, record }) =>
      [
        ...(hasTime ? [timestamp] : []),
        level.padEnd(7),
        message,
        ...Object.entries(record.properties).map(textField),
      ].join(" "),
  });
}

/** Quotes whatever is not a plain word: a value from a payload must not forge a line or a field of its own. */
function textField([name, value]: [string, unknown]): string {
  const text = String(value);
  return `${name}=${/^[\w.:/+@-]+$/.test(text) ? text : quoted(text)}`;
}

/** In ASCII: U+0085 and U+2028 end a line for some readers, U+009B and others steer a terminal. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
