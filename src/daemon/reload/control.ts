import { lstatSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { channelSocket } from "../../platform/channel.ts";
import type { Channel } from "../../platform/channel.ts";
import { readMessage } from "./messages.ts";
import type { Fresh } from "./environment.ts";
import type { ReloadOutcome } from "./handover.ts";

/** Of `sun_path`, which has to end with a NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** Where an instance can be spoken to: in its runtime folder under systemd, else beside the database. */
export function controlPath(
  environment: Record<string, string | undefined>,
  databasePath: () => string,
): string {
  const folder = environment.RUNTIME_DIRECTORY?.split(":")[0];
  return folder === undefined ? `${databasePath()}.control` : `${folder}/control`;
}

/**
 * Listens for the `reload` command; what it was asked it answers, even when it is ended meanwhile. The socket is its owner's alone: the umask is to be 077.
 *
 * @param reload `gone` resolves when the client has gone away
 * @returns a function that ends it
 * @throws where there can't be a socket
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

/** Sockets that never got their name: a kill or a failed rename has left them. */
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
