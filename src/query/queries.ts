import { Worker } from "node:worker_threads";
import type { Log } from "../platform/log.ts";
import { ANSWER_MS_MAX, QueriesBusyError, QueryError, WAITING_MAX } from "./asking.ts";
import type { ThreadAnswer, ThreadNote, ThreadOptions } from "./operations.ts";
import type { Answer, Argument, Queries, QuestionName } from "./port.ts";

/**
 * Reads what has been stored, in a thread of its own: a slow search keeps no delivery waiting. The thread starts with
 * the first question, or with `warmUp`.
 *
 * @param thread the file that the thread runs: `readingThread`
 */
export function createQueries(options: ThreadOptions & { thread: URL; log: Log }): Queries {
  const { databasePath, recordingsFolder, thread, log } = options;
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, { settle: (answer: ThreadAnswer) => void; fail: (error: Error) => void }>();

  function start(): Worker {
    const workerData: ThreadOptions = { databasePath, recordingsFolder };
    const started = new Worker(thread, { workerData });
    started.on("message", (message: ThreadAnswer | ThreadNote) => {
      if ("note" in message) log[message.level](message.note, message.fields);
      else waiting.get(message.id)?.settle(message);
    });
    started.on("error", stop);
    return started;
  }

  /** Ends the thread; the next question starts another one. */
  function stop(why: Error): void {
    void worker?.terminate();
    worker = null;
    for (const { fail } of waiting.values()) fail(why);
  }

  return {
    ask<Name extends QuestionName>(name: Name, argument: Argument<Name>): Promise<Answer<Name>> {
      if (waiting.size >= WAITING_MAX) return Promise.reject(new QueriesBusyError("too many questions"));
      worker ??= start();
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<Answer<Name>>();
      const deadline = setTimeout(() => stop(new QueriesBusyError(`${name} took too long`)), ANSWER_MS_MAX);
      const end = () => {
        clearTimeout(deadline);
        waiting.delete(id);
      };
      waiting.set(id, {
        settle(answer) {
          end();
          if ("problem" in answer) return reject(new QueryError(name, answer.problem));
          // The thread answers with what the operation of this name returns.
          resolve(answer.result as Answer<Name>);
        },
        fail(error) {
          end();
          reject(error);
        },
      });
      worker.postMessage({ id, name, argument });
      return promise;
    },

    // The search index is up to date by the first question then.
    warmUp(): void {
      worker ??= start();
    },

    close(): void {
      stop(new QueriesBusyError("shutting down"));
    },
  };
}
