import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { openPeerReader } from "../../platform/peer.ts";
import { linkOfOthers } from "../../platform/real-files.ts";
import { isRoot } from "../../platform/user.ts";

const WRITABLE_BY_OTHERS = 0o022;

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
 * Looks at what is at the path of the control socket before anything is sent there: `reload` hands over the environment
 * and credentials. It has to be a socket, not a symlink to one, of root or of the receiver's user: this process' own, or
 * for root the owner of the folder that it is in.
 *
 * @returns says of a connection why nothing may be sent on it, null if it may: the listener has to be one of the two
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
