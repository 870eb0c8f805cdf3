/** Questions that wait for their answers. */
export const WAITING_MAX = 64;
/** From the question to its answer. */
export const ANSWER_MS_MAX = 30_000;
/** Of a conversation's events, those that came first. */
export const EVENT_IDS_MAX = 1000;

/** More is being asked than can be answered, or one question takes too long. */
export class QueriesBusyError extends Error {
  override readonly name = "QueriesBusyError";
}

/** An operation failed; `code` says why, and can be logged. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  constructor(
    operation: string,
    readonly code: string,
  ) {
    super(`${operation}: ${code}`);
  }
}
