import { Elysia } from "elysia";
import type { Queries } from "../../query/queries.ts";
import type { ConversationFilter } from "../../query/conversation-filter.ts";
import type { ConversationPosition } from "../../query/conversation-sources.ts";
import type { ListedConversation } from "../../query/list-conversations.ts";
import { isTooLong, QUERY_PREFIXES_MAX, QUERY_WORDS_MAX } from "../../query/search/query.ts";
import { markedUp } from "../../query/search/text.ts";
import { describeAnswers, secondsOf } from "./api-models.ts";
import { ConversationPage, shownConversation } from "./conversation-models.ts";
import { hidden, refuseMethod } from "./conversation-path.ts";
import { cursorOf, cursorParameter, positionOf } from "../lib/cursor.ts";
import type { Position } from "../lib/cursor.ts";
import { errorResponse } from "../errors.ts";
import {
  booleanParameter,
  choiceParameter,
  describeParameters,
  integerParameter,
  readParameters,
  textParameter,
  timeParameter,
} from "../lib/parameters.ts";
import type { Parameter, ParameterValues } from "../lib/parameters.ts";

const ROWS_USUAL = 50;
const DURATION_SECS_MAX = 10_000_000;
const RENAMED = "Invalid parameter: has_audio is called has_recording";

const duration = (description: string) => integerParameter({ min: 0, max: DURATION_SECS_MAX, description });

const parameters = {
  q: queryParameter(),
  agent_id: textParameter("Only conversations with this agent."),
  since: timeParameter("Only conversations that began at this time or later."),
  until: timeParameter("Only conversations that began before this time."),
  status: textParameter("Only conversations with this status, such as `done` or `failed`."),
  call_successful: textParameter("Only conversations with this verdict: `success`, `failure`, `unknown`."),
  direction: choiceParameter(["inbound", "outbound"], "Only calls in this direction."),
  number: numberParameter(),
  user_id: textParameter("Only conversations with this user."),
  has_recording: booleanParameter("Only conversations whose recording is stored here, or only the others."),
  voicemail: booleanParameter(
    "Only calls that voicemail or a machine answered, or only those that a person did.",
  ),
  min_duration_secs: duration("Only conversations that took at least this long."),
  max_duration_secs: duration("Only conversations that took no longer than this."),
  limit: integerParameter({ min: 1, max: 200, description: "How many to answer with; 50 unless told." }),
  cursor: cursorParameter,
};

/** `GET /conversations`: what was said, newest first, by filters and by words. */
export function conversationsRoutes(options: { queries: Queries }) {
  const { queries } = options;

  return new Elysia({ name: "conversations" })
    .get(
      "/conversations",
      async ({ request }) => {
        // Until 1.0: that name means what ElevenLabs announces, in rows and in the table.
        if (new URL(request.url).searchParams.has("has_audio")) {
          return errorResponse("invalid_parameter", { error: RENAMED });
        }
        const read = readParameters(request.url, parameters);
        if (!read.ok) return errorResponse("invalid_parameter", { error: read.problem });
        const { q, limit, cursor, ...given } = read.value;
        const scope = JSON.stringify(["conversations", q, given]);
        const after = cursor === null ? null : placeOf(positionOf(cursor, scope));
        if (after === undefined) {
          return errorResponse("invalid_parameter", {
            error: "Invalid parameter: cursor is not of this list",
          });
        }
        const page = await queries.ask("listConversations", {
          filter: filterOf(given),
          query: q,
          after,
          rowsMax: limit ?? ROWS_USUAL,
        });
        if (page.kind === "not-ready") return errorResponse("search_not_ready");
        return Response.json({
          conversations: page.rows.map(shownRow),
          next_cursor: page.next === null ? null : cursorOf(valuesOf(page.next), scope),
        });
      },
      {
        detail: {
          summary: "List and search conversations",
          tags: ["conversations"],
          parameters: describeParameters(parameters),
          responses: describeAnswers(ConversationPage, "A page of conversations.", "search_not_ready"),
        },
      },
    )
    .all("/conversations", refuseMethod(), hidden);
}

type Given = Omit<ParameterValues<typeof parameters>, "q" | "limit" | "cursor">;

function filterOf(given: Given): ConversationFilter {
  return {
    agentId: given.agent_id,
    since: secondsOf(given.since),
    until: secondsOf(given.until),
    status: given.status,
    callSuccessful: given.call_successful,
    direction: given.direction,
    number: given.number,
    userId: given.user_id,
    hasRecording: given.has_recording,
    voicemail: given.voicemail,
    durationSecsMin: given.min_duration_secs,
    durationSecsMax: given.max_duration_secs,
  };
}

function shownRow({ snippets, ...row }: ListedConversation) {
  return {
    ...shownConversation(row),
    snippets: snippets && {
      title: markedUp(snippets.title),
      summary: markedUp(snippets.summary),
      turns: markedUp(snippets.turns),
    },
  };
}

function valuesOf(position: ConversationPosition): Position {
  return position.by === "index" ? ["index", position.id] : ["start", position.startedAt, position.rowid];
}

/** undefined where it is none that this list has made. */
function placeOf(values: Position | null): ConversationPosition | undefined {
  const [by, first = null, second] = values ?? [];
  if (by === "index" && typeof first === "number") return { by, id: first };
  if (by === "start" && typeof first !== "string" && typeof second === "number") {
    return { by, startedAt: first, rowid: second };
  }
  return undefined;
}

function queryParameter(): Parameter<string> {
  const text = textParameter(
    "Only conversations in whose title, summary or turns this is found: words, all of which have to be there; " +
      '`"phrases"`; beginnings of two letters or more, `appoint*`; `OR`, `NOT`, `NEAR(one two)`, `title: word`. ' +
      `At most ${QUERY_WORDS_MAX} words, ${QUERY_PREFIXES_MAX} of them beginnings.`,
  );
  const expected = `at most ${QUERY_WORDS_MAX} words, ${QUERY_PREFIXES_MAX} of them beginnings (appoint*)`;
  return { ...text, read: (given) => (isTooLong(given) ? { expected } : text.read(given)) };
}

/** A plus that stands in a URL as it is means a space: no number begins with one. */
function numberParameter(): Parameter<string> {
  const text = textParameter(
    "Only calls with this number, the other party's or the agent's, such as `+441632960055`.",
  );
  return { ...text, read: (given) => text.read(given.replace(/^ /, "+")) };
}
