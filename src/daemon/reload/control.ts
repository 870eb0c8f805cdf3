import { lstatSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { channelSocket } from "../../platform/channel.ts";
import type { Channel } from "../../platform/channel.ts";
import { openPeerReader } from "../../platform/peer.ts";
import { linkOfOthers } from "../../platform/real-files.ts";
import { isRoot } from "../../platform/user.ts";
import { readMessage } from "./messages.ts";
import type { Fresh } from "./environment.ts";
import type { ReloadOutcome } from "./reload.ts";

/** Of `sun_path`, which has to end with a NUL. */
const SOCKET_PATH_BYTES_MAX = 107;
const WRITABLE_BY_OTHERS = 0o022;

/** Where an instance can be reached: in its runtime folder under systemd, else beside the database. */
export function controlPath(
  environment: Record<string, string | undefined>,
  databasePath: () => string,
): string {
  const folder = environment.RUNTIME_DIRECTORY?.split(":")[0];
  return folder === undefined ? `${databasePath()}.control` : `${folder}/control`;
}

/**
 * Listens for the `reload` command, and answers each one, even if it is ended meanwhile. Only the owner may use the socket:
 * the umask has to be 077.
 *
 * @param reload `gone` resolves when the client has gone away
 * @returns a function that ends it
 * @throws if there can't be a socket
 */
export function openControl(
  path: string,
  reload: (fresh: Fresh, gone: Promise<void>) => Promise<ReloadOutcome>,
): () => void {
  const ownPath = `${path}.${process.pid}`;
  if (Buffer.byteLength(ownPath) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(`${path} is too long for the path of a socket`);
  }
  removeUnfinished(path);
  const answers = new Set<Promise<void>>();
  const server = Bun.listen({
    unix: ownPath,
    socket: channelSocket((channel) => {
      const gone = Promise.withResolvers<void>();
      return {
        onMessage(value) {
          const message = readMessage(value);
          if (message?.kind !== "reload") return channel.close();
          const answered = answer(channel, reload(message, gone.promise));
          answers.add(answered);
          void answered.then(() => answers.delete(answered));
        },
        onClose: gone.resolve,
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

async function answer(channel: Channel, outcome: Promise<ReloadOutcome>): Promise<void> {
  channel.send(await outcome);
  channel.close();
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
