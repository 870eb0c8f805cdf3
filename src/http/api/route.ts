import { Type } from "@sinclair/typebox";
import type { Static, TObject, TProperties, TSchema } from "@sinclair/typebox";
import type { Erase } from "../../erase/erase.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Queries } from "../../query/port.ts";
import type { Blobs } from "../../store/port.ts";
import type { State } from "../state.ts";
import type { RunReport } from "../../recover/report.ts";
import type { Reprocess } from "../../webhook/reprocess.ts";
import type { ConnectionServer } from "../connections.ts";
import { errorResponse } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { cursorOf, cursorParameter, positionOf } from "../lib/cursor.ts";
import type { Position } from "../lib/cursor.ts";
import { describeAnswer, describeErrors, Nullable } from "../lib/models.ts";
import type { Described } from "../lib/models.ts";
import { guardAnswer, jsonAnswer } from "../lib/responses.ts";
import type { ApiEntry, ApiGuard } from "./guard.ts";
import { describeParameters, integerParameter, readParameters } from "../lib/parameters.ts";
import type { ParameterTable, ParameterValues } from "../lib/parameters.ts";

// Elysia could check queries and answers by schemas of its own in each route. Queries are read here, because it takes the
// last of two values of one name and drops names that it does not know: a filter that is silently not applied shows
// somebody else's calls. Answers are checked by the compiler: each has the type of the model that describes it. Checked by
// Elysia at run time too, a page of 200 conversations took twice as long to make (1.5 ms instead of 0.7, of one core).

/** What the routes of the API ask, and nothing more. */
export type ApiParts = {
  access: ApiEntry;
  queries: Pick<Queries, "ask">;
  bodies: Pick<Blobs, "open">;
  recordings: Pick<Blobs, "open">;
  erase: Pick<Erase, "eraseOne">;
  reprocess: Reprocess;
  /** Fetches what is missing of a conversation; null: there is no key for it. @throws FileFault if storing fails */
  recoverOne: (conversationId: string, gone: AbortSignal) => Promise<RunReport | null>;
  state: () => Promise<State>;
  /** null: nothing is counted */
  metrics: { contentType: string; text: () => Promise<string> } | null;
  clock: Clock;
  log: Log;
};

/** A request to a route. `id` is that in its path: empty if there is none, or if it is not encoded as it should be. */
export type Asked = { id: string; request: Request; server: ConnectionServer };

type About<Table extends ParameterTable = ParameterTable> = {
  summary: string;
  description?: string;
  tag: string;
  /** The id in the path, and headers that it reads. */
  takes?: readonly { name: string; in: "path" | "header"; required: boolean }[];
  parameters?: Table;
  /** Which parameters don't go together, or are none any more: what is wrong; null if nothing is. */
  refuse?: (given: URLSearchParams) => string | null;
  /** The JSON that it takes. */
  takesBody?: TSchema;
  /** Whether it takes no token. */
  isOpen?: boolean;
  /** Errors beside those of every route. */
  errors?: ErrorCode[];
};

/** What stands in front of a group of routes, and behind each of its answers. */
export function standing(guard: ApiGuard) {
  return {
    beforeHandle: ({ request, server }: { request: Request; server: ConnectionServer }) =>
      guard(request, server) ?? undefined,
    afterHandle({ responseValue }: { responseValue: unknown }): void {
      if (responseValue instanceof Response) guardAnswer(responseValue);
    },
  };
}

/** A route with any kind of answer: to be spread behind the path in `get`, `post` or `delete`. */
export function route<const Table extends ParameterTable = {}>(
  about: About<Table> & { answers: Record<number, Described> },
  answer: (asked: Asked, values: ParameterValues<Table>) => Promise<Response>,
) {
  const { summary, description, tag, takes = [], takesBody, isOpen = false, parameters = null } = about;
  const { errors = [], answers } = about;
  const handle = async ({ request, server, params }: Context): Promise<Response> => {
    const asked = { id: params?.id ?? "", request, server };
    // Of no table, there are no values.
    if (parameters === null) return answer(asked, {} as ParameterValues<Table>);
    const problem = about.refuse?.(new URL(request.url).searchParams) ?? null;
    if (problem !== null) return errorResponse("invalid_parameter", { error: problem });
    const read = readParameters(request.url, parameters);
    if (!read.ok) return errorResponse("invalid_parameter", { error: read.problem });
    return answer(asked, read.value);
  };
  const detail = {
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    ...(isOpen && { security: [] }),
    ...(takesBody !== undefined && { requestBody: { required: true, ...contentOf(takesBody) } }),
    parameters: [...takes, ...describeParameters(parameters ?? {})],
    responses: { ...answers, ...describeErrors({ hasQuery: parameters !== null, isOpen }, ...errors) },
  };
  // Elysia must not read a body, whatever its size.
  return [handle, { parse: "none" as const, detail }] as const;
}

const contentOf = (schema: TSchema) => ({ content: { "application/json": { schema } } });

type Context = { request: Request; server: ConnectionServer; params?: { id?: string | null } };

/** A route that answers with JSON of a model, or with an error. */
export function question<Model extends TSchema, const Table extends ParameterTable = {}>(
  about: About<Table> & { model: Model; says: string },
  ask: (asked: Asked, values: ParameterValues<Table>) => Promise<Static<Model> | Response>,
) {
  const { model, says, ...rest } = about;
  const answers = { 200: describeAnswer(model, says) };
  return route<Table>({ ...rest, answers }, async (asked, values) => {
    const answer = await ask(asked, values);
    return answer instanceof Response ? answer : jsonAnswer(asked.request, answer);
  });
}

const ROWS_USUAL = 50;

const pageParameters = {
  limit: integerParameter({ min: 1, max: 200, description: "How many to answer with; 50 unless told." }),
  cursor: cursorParameter,
};

/** A page of a list, and the position that the next one begins behind; null at the end. */
type Page<Fields extends TProperties> = { page: Static<TObject<Fields>>; next: Position | null };

/**
 * A route that answers with a list, page by page: `limit`, `cursor` and `next_cursor` are the same for all.
 *
 * @param about `name` tells the list's cursors from those of others; `place` reads one, null if this list has not made it
 * @param ask is told after which place the page begins, null at the beginning, and how many rows it may have
 */
export function list<Fields extends TProperties, const Table extends ParameterTable, Place>(
  about: Omit<About, "parameters"> & {
    name: string;
    parameters: Table;
    fields: Fields;
    says: string;
    /** More about `next_cursor`. */
    cursorNote?: string;
    place: (position: Position) => Place | null;
  },
  ask: (
    values: ParameterValues<Table>,
    after: Place | null,
    rowsMax: number,
  ) => Promise<Page<Fields> | Response>,
) {
  const { name, fields, says, cursorNote = "", place, ...rest } = about;
  const noted = `Continues the list as \`cursor\`; null on the last page.${cursorNote}`;
  const model = Type.Object({ ...fields, next_cursor: Nullable(Type.String(), noted) });
  const parameters = { ...about.parameters, ...pageParameters };
  const answers = { 200: describeAnswer(model, says) };
  return route<ParameterTable>({ ...rest, parameters, answers }, async ({ request }, read) => {
    // What was read is what the two tables say.
    const { limit, cursor, ...filters } = read as ParameterValues<typeof pageParameters>;
    const values = filters as ParameterValues<Table>;
    const scope = JSON.stringify([name, filters]);
    const position = cursor === null ? null : positionOf(cursor, scope);
    const after = position === null ? null : place(position);
    if (cursor !== null && after === null) {
      return errorResponse("invalid_parameter", { error: "Invalid parameter: cursor is not of this list" });
    }
    const answer = await ask(values, after, limit ?? ROWS_USUAL);
    if (answer instanceof Response) return answer;
    const { page, next } = answer;
    return jsonAnswer(request, { ...page, next_cursor: next === null ? null : cursorOf(next, scope) });
  });
}

/** The rows of a page, of one more than it holds, and the last of them if there is another page. */
export function cut<Row>(rows: Row[], rowsMax: number): { rows: Row[]; last: Row | null } {
  if (rows.length <= rowsMax) return { rows, last: null };
  const page = rows.slice(0, rowsMax);
  return { rows: page, last: page.at(-1) ?? null };
}

/** The id in a path, as the OpenAPI document describes it. */
export const idOfConversation = {
  name: "id",
  in: "path" as const,
  required: true,
  description: "ElevenLabs' name for the conversation.",
  schema: Type.String({ examples: ["conv_2601kfx0demo"] }),
};

export const NO_RECORDING = "This conversation has no recording";

/** A header that a route reads, as the OpenAPI document describes it. */
export function describeHeader(name: string, description: string, example: string) {
  const schema = Type.String({ examples: [example] });
  return { name, in: "header" as const, required: false, description, schema };
}

export const idOfEvent = {
  name: "id",
  in: "path" as const,
  required: true,
  description: "The event's `id`.",
  schema: { type: "integer" as const, minimum: 1 },
  example: 42,
};

const EVENT_ID = /^[1-9]\d{0,14}$/;

/** The id of an event in a path, which is written in one way; null for what can be none. */
export function eventIdOf(text: string): number | null {
  return EVENT_ID.test(text) ? Number(text) : null;
}
