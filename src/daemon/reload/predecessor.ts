import { fstatSync } from "node:fs";
import { channelSocket, openChannel } from "../../platform/channel.ts";
import { HANDOVER_DESCRIPTOR, readMessage } from "./messages.ts";
import type { Message } from "./messages.ts";

const WELCOME_MS_MAX = 10_000;

/** "gone": the predecessor has ended without a word, and nobody else is there to receive. */
export type Grant = "granted" | "cancelled" | "gone";

/** The instance that hands over to this process. */
export type Predecessor = {
  /** Of the data that it uses. */
  dataName: string;
  port: number;
  /** Says why this process can't take over. */
  fail: (problem: string) => void;
  /** This process listens; resolves when the predecessor lets it be the one that receives. */
  ready: (dataName: string) => Promise<Grant>;
  /** The same if it needs the data for itself first: its requests wait until `ended`. */
  waiting: (dataName: string) => Promise<Grant>;
  /** Has it finish sooner. */
  hurry: () => void;
  /** Resolves when it does not listen any more. */
  left: Promise<void>;
  /** Resolves when it has let go of the data; unclean if it died, or has left something to be put in order. */
  ended: Promise<{ isClean: boolean }>;
};

/**
 * Meets the instance that has started this process.
 *
 * @param descriptor the way to it
 */
export async function meetPredecessor(
  descriptor = HANDOVER_DESCRIPTOR,
): Promise<{ kind: "met"; predecessor: Predecessor } | { kind: "failed"; problem: string }> {
  const failed = {
    kind: "failed" as const,
    problem: "it was started to take over, but nobody hands over to it: start it without",
  };
  if (!isSocket(descriptor)) return failed;

  const welcome = Promise.withResolvers<Message | null>();
  const granted = Promise.withResolvers<Grant>();
  const left = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<{ isClean: boolean }>();
  const timer = setTimeout(() => welcome.resolve(null), WELCOME_MS_MAX);
  let send = (_message: Message): void => {};

  await openChannel(
    descriptor,
    channelSocket((channel) => {
      ({ send } = channel);
      return {
        onMessage(value) {
          const message = readMessage(value);
          if (message?.kind === "welcome") welcome.resolve(message);
          if (message?.kind === "granted") granted.resolve("granted");
          if (message?.kind === "cancelled") granted.resolve("cancelled");
          if (message?.kind === "left") left.resolve();
          if (message?.kind === "ended") ended.resolve({ isClean: message.isClean ?? false });
        },
        onClose() {
          welcome.resolve(null);
          granted.resolve("gone");
          left.resolve();
          ended.resolve({ isClean: false });
        },
      };
    }),
  );
  send({ kind: "hello", pid: process.pid });
  const { databasePath: dataName, port } = (await welcome.promise) ?? {};
  clearTimeout(timer);
  if (dataName === undefined || port === undefined) return failed;

  const ask = (kind: string, ownData: string): Promise<Grant> => {
    send({ kind, databasePath: ownData });
    return granted.promise;
  };
  const predecessor: Predecessor = {
    dataName,
    port,
    fail: (reason) => send({ kind: "failed", problem: reason }),
    ready: (ownData) => ask("ready", ownData),
    waiting: (ownData) => ask("waiting", ownData),
    hurry: () => send({ kind: "hurry" }),
    left: left.promise,
    ended: ended.promise,
  };
  return { kind: "met", predecessor };
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}
