/** A use of a tool: what the agent asked, and what the tool answered, also if that came in a later turn. */
export type ToolUse = {
  name: string | null;
  /** `webhook`, `client`, `system` and others. */
  kind: string | null;
  requestId: string | null;
  /** The arguments, as JSON text. */
  parameters: string | null;
  /** Of the request that it made: never its headers and query, which may hold credentials. */
  method: string | null;
  url: string | null;
  /** null if nobody said. */
  hasRun: boolean | null;
  /** What it answered, as text. */
  result: string | null;
  isError: boolean | null;
  isBlocked: boolean | null;
  error: string | null;
  seconds: number | null;
};

export type RetrievedPassage = { documentId: string | null; distance: number | null; isUsed: boolean };

/** A search of the knowledge base for one answer. */
export type Retrieval = { query: string | null; seconds: number | null; passages: RetrievedPassage[] };

/** All that is known of a turn. Each is null or empty if the event does not say it in the form expected. */
export type TurnDetails = {
  turn: number | null;
  role: string | null;
  message: string | null;
  /** What the agent meant to say before it was interrupted. */
  originalMessage: string | null;
  isInterrupted: boolean;
  /** A mere `mhm`, which the agent did not answer. */
  isBackchannel: boolean;
  timeInCallSecs: number | null;
  /** How it was said: `audio`, `text`, `dtmf` and others. */
  medium: string | null;
  agentId: string | null;
  languageModel: string | null;
  /** `like` or `dislike`. */
  feedback: string | null;
  /** What took how long, in seconds. */
  metrics: { name: string; seconds: number }[];
  tools: ToolUse[];
  retrieval: Retrieval | null;
  files: { name: string | null; type: string | null }[];
};

export type Criterion = {
  id: string;
  result: string | null;
  rationale: string | null;
  score: number | null;
  scoreMax: number | null;
};

export type CollectedValue = {
  id: string;
  name: string | null;
  /** A text, number or boolean; anything else as JSON text. */
  value: string | number | boolean | null;
  rationale: string | null;
};

export type Charging = {
  tier: string | null;
  isBurst: boolean | null;
  callCredits: number | null;
  llmCredits: number | null;
  llmUsd: number | null;
  platformUsd: number | null;
  categories: { name: string; credits: number | null; usd: number | null; quantity: number | null }[];
  languageModels: {
    name: string;
    inputTokens: number | null;
    outputTokens: number | null;
    usd: number | null;
  }[];
};

export type CallFeedback = {
  /** `like` or `dislike`. */
  score: string | null;
  rating: number | null;
  likes: number | null;
  dislikes: number | null;
  comment: string | null;
};

/** All that is known of a call beside its row. */
export type CallDetails = {
  turns: TurnDetails[];
  criteria: Criterion[];
  collected: CollectedValue[];
  successScore: number | null;
  charging: Charging | null;
  feedback: CallFeedback | null;
  error: { code: number | null; reason: string | null } | null;
  warnings: string[];
};

/** Of a call without a transcription. */
export const noDetails: CallDetails = {
  turns: [],
  criteria: [],
  collected: [],
  successScore: null,
  charging: null,
  feedback: null,
  error: null,
  warnings: [],
};
