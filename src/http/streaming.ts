/**
 * A body that is made while it is being sent: the next piece only when the client has taken those before. A client that
 * hangs up ends the making; a piece that can't be made breaks the connection off, so that nobody takes a part for the
 * whole.
 */
export function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
