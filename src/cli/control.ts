import { channelSocket } from "../platform/channel.ts";
import { errorCode } from "../platform/errors.ts";
import { guardControl, UntrustedControlError } from "../daemon/reload/control.ts";

export type ControlReply<Answer> =
  | { kind: "answered"; answer: Answer }
  /** The receiver has ended, or closed the connection, before its answer. */
  | { kind: "silent" }
  /** Nobody listens. */
  | { kind: "unreachable"; code: string }
  | { kind: "untrusted"; problem: string };

/**
 * Asks the receiver at a control socket.
 *
 * @param read called with everything that it says; returns the answer, or null to wait for it
 */
export async function askControl<Answer>(
  path: string,
  request: object,
  read: (message: unknown) => Answer | null,
): Promise<ControlReply<Answer>> {
  const answered = Promise.withResolvers<ControlReply<Answer>>();
  try {
    const guard = await guardControl(path);
    await Bun.connect({
      unix: path,
      socket: channelSocket((channel) => {
        const problem = guard(channel.descriptor);
        if (problem === null) channel.send(request);
        else answered.resolve({ kind: "untrusted", problem });
        return {
          onMessage(message) {
            const answer = read(message);
            if (answer !== null) answered.resolve({ kind: "answered", answer });
          },
          onClose: () => answered.resolve({ kind: "silent" }),
        };
      }),
    });
  } catch (error) {
    if (error instanceof UntrustedControlError) return { kind: "untrusted", problem: error.message };
    return { kind: "unreachable", code: errorCode(error) };
  }
  return answered.promise;
}
