import { compareLogLevel, getJsonLinesFormatter, getTextFormatter } from "@logtape/logtape";
import type { LogLevel as RecordLevel, LogRecord } from "@logtape/logtape";

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

const CATEGORY = ["receiver"];

/**
 * Returns a log whose lines LogTape formats. Its loggers are not used: they have one configuration for the whole process,
 * and take a message for a template, in which the braces of a path would be placeholders.
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
  const logAt = (level: LogLevel): Log[LogLevel] => {
    if (compareLogLevel(level, levels[options.level]) < 0) return () => {};
    return (message, properties = {}) => {
      const record = { category: CATEGORY, level, message: [message], rawMessage: message, properties };
      options.write(format({ ...record, timestamp: Date.now() }));
    };
  };
  return { debug: logAt("debug"), info: logAt("info"), warning: logAt("warning"), error: logAt("error") };
}

function formatterOf({ format, isJournal = false }: { format: "text" | "json"; isJournal?: boolean }) {
  const line = format === "json" ? jsonLine : textLine(!isJournal);
  return isJournal ? (record: LogRecord) => `${journalPrefixes[record.level]}${line(record)}` : line;
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
