import { Type } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import { errorAnswers } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

/** A moment as the API writes it. */
export const Time = Type.String({ format: "date-time", examples: ["2026-01-31T09:30:00Z"] });

/** A member that is null if nothing is known. */
export function Nullable<Model extends TSchema>(model: Model, description: string) {
  return Type.Union([model, Type.Null()], { description });
}

/** What RFC 3339 can write, whose years have four digits. */
const TIME_MS_MIN = Date.parse("0000-01-01T00:00:00Z");
const TIME_MS_MAX = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * RFC 3339 in UTC, without milliseconds if there are none. A time that it can't write, as a wrong clock may have left
 * one in a row, becomes the nearest that it can: one odd row must not keep a whole list from its readers.
 */
export function timeText(unixMs: number): string {
  const within = Math.min(Math.max(unixMs, TIME_MS_MIN), TIME_MS_MAX);
  return new Date(within).toISOString().replace(".000Z", "Z");
}

/** The same of a time that a sender gave; null if there is none, or one that can't be meant, as old rows may have. */
export function optionalTimeText(unixMs: number | null): string | null {
  return unixMs === null || unixMs < TIME_MS_MIN || unixMs > TIME_MS_MAX ? null : timeText(unixMs);
}

export function optionalSecondsText(unixSeconds: number | null): string | null {
  return optionalTimeText(unixSeconds === null ? null : unixSeconds * 1000);
}

/** The first full second that is not before a moment. */
export function secondsOf(unixMs: number | null): number | null {
  return unixMs === null ? null : Math.ceil(unixMs / 1000);
}

/** What the OpenAPI document says of an answer. */
export type Described = { description: string; content?: Record<string, { schema: TSchema }> };

/** The same of one in JSON. */
export function describeAnswer(model: TSchema, description: string): Described {
  return { description, content: { "application/json": { schema: model } } };
}

/** The same of one of another type. */
export function describeContent(model: TSchema, description: string, type: string): Described {
  return { description, content: { [type]: { schema: model } } };
}

/** What the doorkeeper answers in front of a route that takes no token. */
const errorsOfOpen: ErrorCode[] = ["api_off", "source_not_allowed"];

/** What the guard in front of every other route answers, and what any of them may. */
const errorsOfEvery: ErrorCode[] = [
  ...errorsOfOpen,
  "token_invalid",
  "too_many_attempts",
  "origin_not_allowed",
  "not_found",
  "overloaded",
];

/** What it says of errors: those that every route of its kind has, those of a query if it takes one, and more. */
export function describeErrors(about: { hasQuery: boolean; isOpen: boolean }, ...more: ErrorCode[]) {
  const ofQuery: ErrorCode[] = about.hasQuery ? ["invalid_parameter"] : [];
  const codes = [...ofQuery, ...more, ...(about.isOpen ? errorsOfOpen : errorsOfEvery)];
  const byStatus = Object.groupBy(codes, (code) => errorAnswers[code].status);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, ofStatus = []]) => [status, describeStatus(ofStatus)]),
  );
}

function describeStatus(codes: ErrorCode[]) {
  const errors = codes.map((code) => ({ error: errorAnswers[code].error, code }));
  const examples = Object.fromEntries(errors.map((value) => [value.code, { value }]));
  return {
    description: errors.map(({ error }) => error).join("; "),
    ...describeHeaders(codes),
    content: { "application/json": { schema: ErrorAnswer, examples } },
  };
}

const headerDetails = {
  "Retry-After": {
    description: "Seconds to wait before the next try.",
    schema: Type.Integer({ examples: [5] }),
  },
  "WWW-Authenticate": {
    description: "How to show the token: RFC 6750.",
    schema: Type.String({ examples: ["Bearer"] }),
  },
};

/** What the OpenAPI document says of the headers that answers to these errors have. */
export function describeHeaders(codes: readonly ErrorCode[]) {
  const names = new Set(codes.flatMap((code) => Object.keys(errorAnswers[code].headers ?? {})));
  const headers = Object.entries(headerDetails).filter(([name]) => names.has(name.toLowerCase()));
  return headers.length === 0 ? {} : { headers: Object.fromEntries(headers) };
}

/** The body of every error. */
export const ErrorAnswer = Type.Object(
  {
    error: Type.String({ description: "What is wrong, for people.", examples: ["Not found"] }),
    code: Type.String({ description: "What is wrong, for programs.", examples: ["not_found"] }),
  },
  { $id: "Error", description: "Why the request was not done." },
);
