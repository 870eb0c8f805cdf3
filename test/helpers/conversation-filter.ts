import type { ConversationFilter } from "../../src/query/conversation-filter.ts";

/** A filter that every conversation fits. */
export const anyConversation: ConversationFilter = {
  agentId: null,
  since: null,
  until: null,
  status: null,
  callSuccessful: null,
  direction: null,
  number: null,
  userId: null,
  hasRecording: null,
  isRecordingMissing: null,
  voicemail: null,
  durationSecsMin: null,
  durationSecsMax: null,
};

/** When the calls that `filterChoices` chooses among begin, in Unix seconds. */
export const CHOSEN_START = 1_793_620_800;

type Choices = { [Name in keyof ConversationFilter]: readonly ConversationFilter[Name][] };

/** What a filter may ask for. */
export const filterChoices: Choices = {
  agentId: ["agent_0", "agent_1", "nobody"],
  since: [CHOSEN_START + 30, CHOSEN_START + 90],
  until: [CHOSEN_START + 60, CHOSEN_START + 120],
  status: ["done", "failed"],
  callSuccessful: ["success", "failure"],
  direction: ["inbound", "outbound"],
  number: ["+441632960000", "+441632960003", "+441632960100"],
  userId: ["user_0", "user_2"],
  hasRecording: [true, false],
  isRecordingMissing: [true, false],
  voicemail: [true, false],
  durationSecsMin: [0, 60, 63, 64],
  durationSecsMax: [0, 63, 64, 300],
};

/** A filter that asks for some of the choices, and for nothing else. @param next a number below another one */
export function chosenFilter(next: (count: number) => number, choices = filterChoices): ConversationFilter {
  return Object.fromEntries(
    Object.entries(choices).map(([name, values]) => [
      name,
      next(4) === 0 ? (values[next(values.length)] ?? null) : null,
    ]),
  ) as ConversationFilter;
}
