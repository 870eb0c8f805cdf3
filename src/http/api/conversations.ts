import { Elysia } from "elysia";
import type { ConversationFilter } from "../../query/conversation-filter.ts";
import type { ConversationPosition, ListedConversation } from "../../query/conversation-pages.ts";
import { isTooLong, QUERY_PREFIXES_MAX, QUERY_WORDS_MAX } from "../../query/search/query.ts";
import { markedUp, segmentsOf } from "../../query/search/text.ts";
import { errorResponse } from "../errors.ts";
import type { Position } from "../lib/cursor.ts";
import { secondsOf } from "../lib/models.ts";
import {
  booleanParameter,
  choiceParameter,
  integerParameter,
  textParameter,
  timeParameter,
} from "../lib/parameters.ts";
import type { Parameter, ParameterValues } from "../lib/parameters.ts";
import { listedConversations, shownConversation } from "./conversation-models.ts";
import { list } from "./route.ts";
import type { ApiParts } from "./route.ts";

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
  recording_missing: booleanParameter(
    "Only conversations that say they have a recording, and whose recording is not stored here; or only the others.",
  ),
  voicemail: booleanParameter(
    "Only calls that voicemail or a machine answered, or only those that a person did.",
  ),
  min_duration_secs: duration("Only conversations that took at least this long."),
  max_duration_secs: duration("Only conversations that took no longer than this."),
};

/** `GET /conversations`: what was said, newest first, by filters and by words. */
export function conversationsRoutes({ queries }: ApiParts) {
  return new Elysia({ name: "conversations" }).get(
    "/conversations",
    ...list(
      {
        name: "conversations",
        summary: "List and search conversations",
        tag: "conversations",
        parameters,
        // Until 1.0: that name means what ElevenLabs announces, in rows and in the table.
        refuse: (given) => (given.has("has_audio") ? RENAMED : null),
        says: "A page of conversations.",
        fields: { conversations: listedConversations },
        cursorNote:
          " A page may hold fewer conversations than `limit`, and even none, while the list goes on.",
        place: placeOf,
        errors: ["search_not_ready"],
      },
      async ({ q: query, ...given }, after, rowsMax) => {
        const asked = { filter: filterOf(given), query, after, rowsMax };
        const page = await queries.ask("listConversations", asked);
        if (page.kind === "not-ready") return errorResponse("search_not_ready");
        return {
          page: { conversations: page.rows.map(shownRow) },
          next: page.next && valuesOf(page.next),
        };
      },
    ),
  );
}

function filterOf(given: Omit<ParameterValues<typeof parameters>, "q">): ConversationFilter {
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
    isRecordingMissing: given.recording_missing,
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
    matches: snippets && {
      title: shownSegments(snippets.title),
      summary: shownSegments(snippets.summary),
      turns: shownSegments(snippets.turns),
    },
  };
}

function shownSegments(snippet: string) {
  return segmentsOf(snippet)?.map(({ text, isMatch }) => ({ text, is_match: isMatch })) ?? null;
}

function valuesOf(position: ConversationPosition): Position {
  return position.by === "index" ? ["index", position.id] : ["start", position.startedAt, position.rowid];
}

/** null if this list has not made it. */
function placeOf(values: Position): ConversationPosition | null {
  const [by, first = null, second] = values;
  if (by === "index" && typeof first === "number") return { by, id: first };
  if (by === "start" && typeof first !== "string" && typeof second === "number") {
    return { by, startedAt: first, rowid: second };
  }
  return null;
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
