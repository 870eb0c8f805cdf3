import { Type } from "@sinclair/typebox";
import type { Static, TObject } from "@sinclair/typebox";
import { conversationColumns } from "../../model/conversation.ts";
import type { ConversationRow } from "../../model/conversation.ts";
import type { StoredTurn } from "../../model/turn.ts";
import { membersOf, shownRow } from "../lib/columns.ts";
import { Nullable } from "../lib/models.ts";

const Text = Type.String();
const Count = Type.Integer();

/** The columns of the table, and what follows from them. */
const members = {
  ...membersOf(conversationColumns),
  has_recording: Type.Boolean({ description: "Whether the recording is stored here." }),
  transcript_url: Nullable(
    Type.String({ examples: ["/conversations/conv_2601kfx0demo/transcript"] }),
    "Where the turns are as text; null if there are none.",
  ),
  audio_url: Nullable(
    Type.String({ examples: ["/conversations/conv_2601kfx0demo/audio"] }),
    "Where the recording is; null if there is none.",
  ),
};

const Snippet = (part: string) => Nullable(Text, `From the ${part}, if something was found in it.`);

const Snippets = Type.Object(
  { title: Snippet("title"), summary: Snippet("summary"), turns: Snippet("turns") },
  { description: "HTML: the text is escaped, and what was found is in `<mark>`." },
);

const Segments = (part: string) =>
  Type.Union(
    [
      Type.Array(
        Type.Object({
          text: Type.String({ description: "A part of the text, as it is.", examples: ["my refund"] }),
          is_match: Type.Boolean({ description: "Whether this is what was found." }),
        }),
      ),
      Type.Null(),
    ],
    { description: `From the ${part}, if something was found in it.` },
  );

const Matches = Type.Object(
  { title: Segments("title"), summary: Segments("summary"), turns: Segments("turns") },
  { description: "The same as `snippets`, as plain text in parts." },
);

/** The conversations of a page of the list. */
export const listedConversations = Type.Array(
  Type.Object({
    ...members,
    snippets: Type.Union([Snippets, Type.Null()], {
      description: "What was found, with some words around it; null without `q`.",
    }),
    matches: Type.Union([Matches, Type.Null()], {
      description: "The same as plain text in parts; null without `q`.",
    }),
  }),
  { description: "The last to begin first; those whose beginning is not known come last." },
);

const TurnModel = Type.Object({
  turn: Nullable(Count, "The turn's place, from 0."),
  role: Nullable(Type.String({ examples: ["agent", "user"] }), "Who spoke."),
  message: Nullable(Text, "What was said; null if a tool was used and nothing said."),
  time_in_call_secs: Nullable(Type.Number(), "When, in seconds since the conversation began."),
  tool_calls: Type.Array(Type.Unknown(), {
    description: "The tools that the agent used, as ElevenLabs sent it.",
  }),
  tool_results: Type.Array(Type.Unknown(), { description: "What tools answered, as ElevenLabs sent it." }),
});

export const ConversationModel = Type.Object({
  ...members,
  turns: Type.Array(TurnModel, { description: "What was said, in order." }),
  event_ids: Type.Array(Type.Integer(), {
    description: "All events of this conversation, in the order of their arrival: `GET /events/{id}`.",
  }),
});

type ShownConversation = Static<TObject<typeof members>>;

/** A row of the table as the API writes it. */
export function shownConversation(row: ConversationRow): ShownConversation {
  const path = `/conversations/${encodeURIComponent(row.conversationId)}`;
  return {
    ...shownRow(conversationColumns, row),
    has_recording: row.audioPath !== null,
    transcript_url: row.eventId === null ? null : `${path}/transcript`,
    audio_url: row.audioPath === null ? null : `${path}/audio`,
  };
}

/** A turn as the API writes it. */
export function shownTurn({
  turn,
  role,
  message,
  timeInCallSecs,
  toolCalls,
  toolResults,
}: StoredTurn): Static<typeof TurnModel> {
  return {
    turn,
    role,
    message,
    time_in_call_secs: timeInCallSecs,
    tool_calls: toolCalls,
    tool_results: toolResults,
  };
}
