import { Type } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import type { Parsed } from "../../platform/parsed.ts";
import { wholeNumber } from "../../platform/text.ts";

/** A member of a request's query: how it is read, and what the OpenAPI document says of it. */
export type Parameter<T> = {
  description: string;
  schema: TSchema;
  /** Returns what stands for it in words: "a whole number from 1 to 200". @throws never */
  read: (text: string) => { value: T } | { expected: string };
};

export type ParameterTable = Record<string, Parameter<unknown>>;

/** What was read: null if the request does not have it. */
export type ParameterValues<Table extends ParameterTable> = {
  [Name in keyof Table]: Table[Name] extends Parameter<infer T> ? T | null : never;
};

const TEXT_CHARS_MAX = 1024;
const DATE_OR_ZONED_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?$/i;
/** The end of the year 9999: no later time has four digits for its year. */
const UNIX_SECONDS_MAX = 253_402_300_799;

/**
 * Reads a request's query. A name that is not in the table, one that is given twice and a value that can't be read are
 * problems, each named.
 */
export function readParameters<Table extends ParameterTable>(
  url: string,
  table: Table,
): Parsed<ParameterValues<Table>> {
  const given = new URL(url).searchParams;
  for (const name of new Set(given.keys())) {
    if (!Object.hasOwn(table, name)) return { ok: false, problem: `Unknown parameter: ${shown(name)}` };
    if (given.getAll(name).length > 1)
      return { ok: false, problem: `Parameter given more than once: ${shown(name)}` };
  }
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(table)) {
    const text = given.get(name);
    const read = text === null ? { value: null } : parameter.read(text);
    if ("expected" in read)
      return { ok: false, problem: `Invalid parameter: ${name} must be ${read.expected}` };
    values[name] = read.value;
  }
  // The loop has read every name of the table.
  return { ok: true, value: values as ParameterValues<Table> };
}

/** What the OpenAPI document says of a table's parameters. */
export function describeParameters(table: ParameterTable) {
  return Object.entries(table).map(([name, { description, schema }]) => ({
    name,
    in: "query" as const,
    required: false,
    description,
    schema,
  }));
}

export function integerParameter(range: {
  min: number;
  max: number;
  description: string;
}): Parameter<number> {
  const { min, max, description } = range;
  return {
    description,
    schema: Type.Integer({ minimum: min, maximum: max }),
    read(text) {
      const value = wholeNumber(text, { min, max });
      return value === null ? { expected: `a whole number from ${min} to ${max}` } : { value };
    },
  };
}

export function textParameter(description: string): Parameter<string> {
  return {
    description,
    schema: Type.String({ maxLength: TEXT_CHARS_MAX }),
    read: (text) =>
      text.length > 0 && text.length <= TEXT_CHARS_MAX && !text.includes("\0")
        ? { value: text }
        : { expected: `a text of 1 to ${TEXT_CHARS_MAX} characters` },
  };
}

export function choiceParameter<const Choice extends string>(
  choices: readonly Choice[],
  description: string,
): Parameter<Choice> {
  return {
    description,
    schema: Type.String({ enum: [...choices] }),
    read(text) {
      const value = choices.find((choice) => choice === text);
      return value === undefined ? { expected: `one of ${choices.join(", ")}` } : { value };
    },
  };
}

export function booleanParameter(description: string): Parameter<boolean> {
  return {
    description,
    schema: Type.Boolean(),
    read: (text) =>
      text === "true" || text === "false" ? { value: text === "true" } : { expected: "true or false" },
  };
}

/** A moment, in unix milliseconds: RFC 3339 with its zone, a date (its start in UTC), or unix seconds. */
export function timeParameter(description: string): Parameter<number> {
  return {
    description: `${description} RFC 3339 with a zone, a date (its start in UTC), or unix seconds.`,
    schema: Type.String({ examples: ["2026-01-31T00:00:00Z", "2026-01-31", "1769817600"] }),
    read(text) {
      const value = timeOf(text);
      return Number.isNaN(value)
        ? { expected: "a time with its zone, such as 2026-01-31T00:00:00Z, a date, or unix seconds" }
        : { value };
    },
  };
}

function timeOf(text: string): number {
  const seconds = wholeNumber(text, { min: 0, max: UNIX_SECONDS_MAX });
  if (seconds !== null) return seconds * 1000;
  // Date.parse takes a date alone as UTC, and the 31st of February for the 3rd of March.
  const isDay =
    DATE_OR_ZONED_TIME.test(text) &&
    new Date(Date.parse(text.slice(0, 10))).toJSON()?.startsWith(text.slice(0, 10));
  return isDay === true ? Date.parse(text) : Number.NaN;
}

/** A name that somebody sent, short enough to be sent back. */
function shown(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name;
}
