/** How often and how long a request is tried. */
export type RestPace = {
  /** The first try included. */
  triesMax: number;
  /** The wait before the second try is random, up to this; then twice as long each time. */
  backoffMs: number;
  backoffMsMax: number;
  /** Longer than this nobody waits: the request has failed. */
  retryAfterMsMax: number;
  /** One try of a request, with its answer's body. */
  answerMsMax: number;
  /** The same of a recording. */
  recordingMsMax: number;
  /** Without a single byte. */
  stallMsMax: number;
};

export const restPace: RestPace = {
  triesMax: 6,
  backoffMs: 1000,
  backoffMsMax: 60_000,
  retryAfterMsMax: 120_000,
  answerMsMax: 60_000,
  recordingMsMax: 30 * 60_000,
  stallMsMax: 20_000,
};
