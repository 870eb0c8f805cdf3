import { createHash } from "node:crypto";
import { hasCode } from "../platform/errors.ts";

/** Another run of `connect` is at work on the same files. */
export class AnotherRunError extends Error {
  override readonly name = "AnotherRunError";

  constructor() {
    super("Another connect is at work on this receiver: wait until it has ended");
  }
}

/**
 * Keeps other runs out: two that write one after the other would each forget the other's webhook. By a name in the kernel,
 * which goes with the process, however it ends, and leaves no file.
 *
 * @param path of connection.json
 * @returns a function that lets others in again
 * @throws AnotherRunError
 */
export function keepOthersOut(path: string): () => void {
  const id = createHash("sha256").update(path).digest("hex");
  try {
    const socket = { data: () => {} };
    const server = Bun.listen({ unix: `\0elevenlabs-webhook-connect-${id}`, socket });
    return () => server.stop(true);
  } catch (error) {
    if (hasCode(error, "EADDRINUSE")) throw new AnotherRunError();
    // A system without such names.
    return () => {};
  }
}
