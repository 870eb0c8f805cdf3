import { lstatSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { channelSocket } from "../../platform/channel.ts";
import type { Channel } from "../../platform/channel.ts";
import { openPeerReader } from "../../platform/peer.ts";
import { linkOfOthers } from "../../platform/real-files.ts";
import { isRoot } from "../../platform/user.ts";
import { withinMs } from "../../platform/wait.ts";

/** Of `sun_path`, which has to end with a NUL. */
const SOCKET_PATH_BYTES_MAX = 107;
const WRITABLE_BY_OTHERS = 0o022;
const CONNECTIONS_MAX = 16;
const REQUEST_MS_MAX = 2_000;
/** Of what is told before the answer. */
const UNSENT_BYTES_MAX = 64 * 1024;

/** Where an instance can be reached: in its runtime folder under systemd, else beside its data. */
export function controlPath(
  environment: Record<string, string | undefined>,
  besideData: () => string,
): string {
  const folder = environment.RUNTIME_DIRECTORY?.split(":")[0];
  return folder === undefined ? `${besideData()}.control` : `${folder}/control`;
}

/** One kind of request at the control socket. */
export type ControlKind = {
  /** Of the request, as JSON. */
  requestCharsMax: number;
  /** The client is told of a failure then, and counts as gone. */
  answerMsMax: number;
  /** Answers it; `tell` sends something before, which a client that does not read may miss. */
  answer: (
    request: unknown,
    about: { gone: Promise<void>; tell: (message: object) => void },
  ) => Promise<object>;
};

/**
 * Listens for commands, and answers each one, even if it is ended meanwhile. Only the owner and root may use the socket:
 * the umask has to be 077.
 *
 * @returns a function that ends it
 * @throws if there can't be a socket
 */
export function openControl(path: string, kinds: Record<string, ControlKind>): () => void {
  const ownPath = `${path}.${process.pid}`;
  if (Buffer.byteLength(ownPath) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(`${path} is too long for the path of a socket`);
  }
  removeUnfinished(path);
  const answers = new Set<Promise<void>>();
  let connections = 0;
  const server = Bun.listen({
    unix: ownPath,
    socket: channelSocket((channel) => {
      const gone = Promise.withResolvers<void>();
      let hasAsked = false;
      connections += 1;
      if (connections > CONNECTIONS_MAX) channel.close();
      const timer = setTimeout(() => hasAsked || channel.close(), REQUEST_MS_MAX);
      return {
        onMessage(request, chars) {
          // One connection, one request.
          if (hasAsked || connections > CONNECTIONS_MAX) return;
          hasAsked = true;
          const answered = answer(channel, { request, chars, gone }, kinds);
          answers.add(answered);
          void answered.then(() => answers.delete(answered));
        },
        onClose() {
          connections -= 1;
          clearTimeout(timer);
          gone.resolve();
        },
      };
    }),
  });
  const { ino } = lstatSync(ownPath);
  try {
    // In place of the predecessor's, or of one that a kill has left.
    renameSync(ownPath, path);
  } catch (error) {
    server.stop(true);
    removeUnfinished(path);
    throw error;
  }
  return () => {
    try {
      if (inodeOf(path) === ino) unlinkSync(path);
    } finally {
      server.stop();
      void Promise.all(answers).then(() => server.stop(true));
    }
  };
}

/** Removes sockets that never got their final name, after a kill or a failed rename. */
function removeUnfinished(path: string): void {
  const ours = new RegExp(`^${RegExp.escape(basename(path))}\\.\\d+$`);
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    if (ours.test(name) && lstatSync(file, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(file);
  }
}

type Request = { request: unknown; chars: number; gone: PromiseWithResolvers<void> };

/** Sends one answer, whatever was asked, and closes. Never throws. */
async function answer(
  channel: Channel,
  { request, chars, gone }: Request,
  kinds: Record<string, ControlKind>,
): Promise<void> {
  const failed = (problem: string) => ({ kind: "failed", problem });
  const kind = kindOf(request);
  // Own members only: a kind named toString is none.
  const known = kind !== null && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  try {
    const stranger = await strangerAt(channel);
    if (stranger !== null) channel.send(failed(`user ${stranger} may not command this receiver`));
    else if (known === undefined)
      channel.send({ kind: "unknown", problem: "this version does not know that" });
    else if (chars > known.requestCharsMax) channel.send(failed("the request is too long"));
    else channel.send((await answerInTime(channel, request, known, gone)) ?? failed("it took too long"));
  } catch (error) {
    channel.send(failed(error instanceof Error ? error.message : "unknown"));
  }
  channel.close();
}

/** null if it takes too long: what it does then has nobody any more to do it for. */
async function answerInTime(
  channel: Channel,
  request: unknown,
  { answerMsMax, answer: answerTo }: ControlKind,
  gone: PromiseWithResolvers<void>,
): Promise<object | null> {
  const tell = (message: object) => {
    if (channel.unsentBytes() < UNSENT_BYTES_MAX) channel.send(message);
  };
  const answered = answerTo(request, { gone: gone.promise, tell });
  if (await withinMs(answered, answerMsMax)) return answered;
  gone.resolve();
  return null;
}

/** The user at the other end, if that is neither this process's own nor root; null also if the system does not tell. */
async function strangerAt({ descriptor }: Channel): Promise<number | null> {
  const userOf = await openPeerReader();
  const user = descriptor === null ? null : userOf(descriptor);
  return user === null || user === 0 || user === process.geteuid?.() ? null : user;
}

/** null for what is no request. */
function kindOf(request: unknown): string | null {
  const isRequest = typeof request === "object" && request !== null && "kind" in request;
  return isRequest && typeof request.kind === "string" ? request.kind : null;
}

function inodeOf(path: string): number | null {
  return lstatSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** What is at the path of the control socket is not the receiver's. */
export class UntrustedControlError extends Error {
  override readonly name = "UntrustedControlError";

  constructor(path: string, found: string) {
    super(
      `${path} ${found}, and gets no settings and secrets: see who has put it there, and run this as the user that the receiver runs as`,
    );
  }
}

/**
 * Checks what is at the path of the control socket before anything is sent there: `reload` sends the environment and
 * credentials. It has to be a socket, not a symlink to one, of root or of the receiver's user: this process's own, or
 * for root the owner of the folder that it is in.
 *
 * @returns a function that says why nothing may be sent on a connection, or null: the listener has to be one of the two
 * @throws UntrustedControlError; what the system says if nothing is there
 */
export async function guardControl(path: string): Promise<(descriptor: number | null) => string | null> {
  const link = isRoot() ? await linkOfOthers(dirname(path)) : null;
  if (link !== null) throw new UntrustedControlError(path, `is behind ${link}, a symlink that is not root's`);
  const socket = await lstat(path);
  const folder = await stat(dirname(path));
  const user = isRoot() ? folder.uid : process.geteuid?.();
  const isTrusted = (uid: number) => uid === 0 || uid === user;
  if (!socket.isSocket()) throw new UntrustedControlError(path, "is not a socket");
  if (!isTrusted(socket.uid)) throw new UntrustedControlError(path, `belongs to user ${socket.uid}`);
  // If the system does not tell who listens: then nobody else can have put the socket there.
  const isGuarded = isTrusted(folder.uid) && (folder.mode & WRITABLE_BY_OTHERS) === 0;

  const peerUser = await openPeerReader();
  return (descriptor) => {
    const peer = descriptor === null ? null : peerUser(descriptor);
    if (peer === null && isGuarded) return null;
    if (peer === null) {
      return new UntrustedControlError(
        path,
        "may be anybody's: others may write to its folder, and this system does not tell who listens",
      ).message;
    }
    return isTrusted(peer) ? null : new UntrustedControlError(path, `is listened at by user ${peer}`).message;
  };
}
